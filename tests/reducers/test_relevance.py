"""Scores of units against a question, for all reducers."""

from __future__ import annotations

from itertools import accumulate

from sparing.core.question import Question
from sparing.reducers.relevance import question_words, score

ROWS = ["id=1 name=Ann city=Paris\n", "id=2 name=Bob city=Rome\n", "id=3 name=Cy city=Paris role=admin\n"]
TEXT, BOUNDS = "".join(ROWS), [0, *accumulate(map(len, ROWS))]


def test_units_that_match_more_score_more():
    """Two rare words beat one common one; no word, no score."""
    scores = score(TEXT, BOUNDS, Question("Which admin lives in Paris?"))
    assert scores[2] > scores[0] > 0
    assert scores[1] == 0


def test_text_outside_the_units_does_not_count():
    """Matches before the first bound and after the last belong to nobody."""
    assert score(TEXT, BOUNDS[1:3], Question("Ann or Cy")) == [0.0]


def test_nothing_asked_nothing_scored():
    """An empty question or no units give zeros, one per unit."""
    assert score(TEXT, BOUNDS, Question("")) == [0.0, 0.0, 0.0]
    assert score("", [0], Question("Paris")) == []


def test_offsets_survive_characters_that_grow_in_lower_case():
    """The dotted capital I is two characters in lower case; units after it keep their own scores."""
    text = "İİİİ one. \nParis two. \n"
    assert score(text, [0, 11, len(text)], Question("Paris"))[0] == 0


def test_question_words_are_beginnings_of_words():
    """Stems, folded, without function words."""
    assert question_words("Which failed payments were DECLINED?") == ("fail", "payment", "declin")
