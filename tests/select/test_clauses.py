"""What may be left out of a sentence holds no number, no name and nothing that the sentence turns on."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.select.clauses import LEAST_CHARS, is_weighty, spare_clauses

_NEGATIONS = ("not", "no", "never", "neither", "nor", "none", "without", "except", "unless", "cannot", "isn't")
_HEAVY = ("3", "1,450.20", "Anna", "iPhone", "Ärzte", "seven", "twice", "if", "must", "only", "½", "Ⅳ", *_NEGATIONS)
_LIGHT = ("which", "and", "with", "the", "green", "rivers", "flow", "softly", "as", "seen", "in", "old", "songs")
_WORDS = st.sampled_from(_HEAVY + _LIGHT)
_JOINS = st.sampled_from((" ", ", ", "; ", ": ", " (", ") ", " – ", ' "', "[", "] "))


def spared(sentence: str) -> list[str]:
    return [sentence[a:b] for a, b in spare_clauses(sentence)]


@pytest.mark.parametrize(
    ("sentence", "clauses"),
    [
        (
            "The river, which flows through quiet meadows, reaches Linz in May.",
            ["which flows through quiet meadows, "],
        ),
        ("The king built a tower, as many kings of old did before long.", []),
        ("He signed it in 1911 (with a pen that was lent to him), then left.", ["(with a pen that was lent to him), "]),
        (
            "Peat is cut by hand, dried in the wind and carried home along muddy tracks.",
            ["dried in the wind and carried home along muddy tracks."],
        ),
        ("The fee is due, with interest that is never waived, in May.", []),
        ("The fee is due, in cases that Anna has agreed to, in May.", []),
        ("The fee is due, within a period of seven days of delivery, in May.", []),
        ("The buyer, a company of the trade, pays the invoice at once.", []),
        ("| a cell, with another cell beside it that is long | b |\n", []),
        ("return pick(a, with_another_long_argument, and_one_more_of_them).", []),
        ("A heading, with a long addition that ends in no stop", []),
    ],
)
def test_additions_are_offered(sentence: str, clauses: list[str]) -> None:
    """Relative clauses, participles and brackets; not what the sentence is about, and no table or code."""
    assert spared(sentence) == clauses


@given(st.lists(st.tuples(_WORDS, _JOINS), min_size=1, max_size=40))
def test_numbers_names_and_negations_stay(parts: list[tuple[str, str]]) -> None:
    """Whatever the sentence, what is left has all of them, in their order; the beginning stays as it is."""
    sentence = "".join(word + join for word, join in parts).rstrip() + "."
    left, at = "", 0
    for a, b in spare_clauses(sentence):
        assert a > at
        assert b - a >= LEAST_CHARS
        left, at = left + sentence[at:a] + " ", b
    left += sentence[at:]
    heavy = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(_HEAVY, key=len, reverse=True))) + r")(?!\w)")
    assert heavy.findall(left) == heavy.findall(sentence)


@given(st.text(max_size=200))
def test_any_text_has_ranges_that_weigh_nothing(text: str) -> None:
    """In order, apart, inside the text."""
    end = 0
    for a, b in spare_clauses(text):
        assert end < a < b <= len(text)
        assert not is_weighty(text[a:b])
        end = b
