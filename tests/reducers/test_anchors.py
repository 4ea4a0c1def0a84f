"""The fewest units that show what a question names."""

from __future__ import annotations

from sparing.core.question import Question
from sparing.reducers.anchors import anchors

TEXTS = ["a-17 and b-22", "a-17", "b-22", "c-35", "nothing"]


def test_one_unit_per_name_and_none_for_what_is_shown():
    """A unit that has two names serves for both; names shown in any case, or nowhere, need none."""
    question = Question("What of a-17, b-22, c-35 and d-48?")
    assert anchors(TEXTS, [3.0, 1.0, 1.0, 2.0, 9.0], question) == [0, 3]
    assert anchors(TEXTS, [3.0, 1.0, 1.0, 2.0, 9.0], question, shown="c-35") == [0]


def test_the_worthiest_unit_with_a_name_is_taken():
    """Of several units with a name the worthiest stands for it."""
    assert anchors(TEXTS, [0.0, 5.0, 6.0, 0.0, 0.0], Question("a-17 or b-22?")) == [2, 1]


def test_nothing_is_named_without_a_question():
    """Without a question there are no anchors."""
    assert anchors(TEXTS, [1.0] * 5, None) == []
