"""What says the same is told once."""

from __future__ import annotations

from sparing.retrieve.diverse import repeated

CLAUSE = (
    "The supplier shall deliver the goods within thirty days of the order and shall bear the cost of carriage, of "
    "insurance and of all duties until the goods have been handed over at the place that the buyer has named."
)


def test_the_same_words_in_another_layout_are_told_once() -> None:
    """Case, blanks and punctuation aside."""
    again = CLAUSE.upper().replace(" ", "\n").replace(",", " ")
    assert repeated([CLAUSE, "Something else altogether.", again]) == [None, None, 0]


def test_a_stretch_of_an_earlier_one_is_told_once() -> None:
    """What overlaps another passage wholly adds nothing."""
    assert repeated([CLAUSE, CLAUSE[:120]]) == [None, 0]


def test_a_longer_version_is_told_too() -> None:
    """It says more than the earlier one."""
    assert repeated([CLAUSE[:120], CLAUSE]) == [None, None]


def test_one_other_number_is_another_passage() -> None:
    """Versions that differ in a figure stay two."""
    first = CLAUSE.replace("thirty", "30")
    assert repeated([first, first.replace("30", "31")]) == [None, None]


def test_one_negation_is_another_passage() -> None:
    """So do those of which one says no, in whichever order they come."""
    denied = CLAUSE.replace("shall bear", "shall not bear")
    assert repeated([CLAUSE, denied]) == [None, None]
    assert repeated([denied, CLAUSE]) == [None, None]


def test_of_one_other_word_in_many_nothing_is_lost() -> None:
    """A long passage with one word spelt otherwise is near enough."""
    long = f"{CLAUSE} {CLAUSE.replace('goods', 'wares')}"
    assert repeated([long, long.replace("carriage", "transport", 1)]) == [None, 0]
