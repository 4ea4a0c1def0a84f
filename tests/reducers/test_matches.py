"""Finding terms in a text."""

from __future__ import annotations

from sparing.core.deadline import Deadline
from sparing.reducers.matches import find_phrases, find_terms
from sparing.reducers.terms import question_terms
from sparing.reducers.words import fold


def found(question: str, text: str) -> dict[str, list[tuple[str, float]]]:
    terms = question_terms(question)
    return {
        term.word: [(text[a:b], grade) for a, b, grade in zip(m.starts, m.ends, m.grades, strict=True)]
        for term, m in zip(terms, find_terms(fold(text), terms, Deadline()), strict=True)
    }


def test_inflections_count_in_full_and_kin_in_part():
    """The question's "elects" finds "elected"; "election" only begins like it."""
    assert found("elects", "They Elected him after an election; reelected later.") == {
        "elects": [("Elected", 1.0), ("election", 0.5)]
    }


def test_a_match_begins_a_word():
    """No "rows" in "arrows", but a part of snake_case is a word."""
    assert found("rows", "The arrows read_rows borrows.") == {"rows": [("rows", 1.0)]}


def test_misspelt_words_are_found_when_the_word_is_nowhere():
    """One letter swapped, left out or changed."""
    assert found("protien", "A protein is a chain.")["protien"] == [("protein", 1.0)]
    assert found("protein", "A protein, not a protien.")["protein"] == [("protein", 1.0)]


def test_arabic_articles_do_not_hide_a_word():
    """A word is found with another prefixed article than the question's."""
    assert found("المسرح", "ذهبت إلى مسرح وبالمسرح")["المسرح"]


def test_grams_are_found_inside_words():
    """Chinese has no word boundaries."""
    assert found("歌厅", "第一家文艺歌厅在此") == {"歌厅": [("歌厅", 1.0)]}


def test_phrases_are_neighbours_in_order():
    """So "super bowl" is a phrase and "bowl is super" is none."""
    terms = question_terms("super bowl")
    text = "the super bowl; a bowl is super"
    assert list(find_phrases(find_terms(text, terms, Deadline()))) == [(0, text.index(" bowl") - 1)]
