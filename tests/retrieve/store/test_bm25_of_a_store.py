"""Scores from postings, with and without numpy."""

from __future__ import annotations

import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.retrieve.store import bm25, posting
from sparing.retrieve.store.posting import MOST_LENGTH, MOST_TIMES, of_sets, posting_key


def postings(rng: random.Random, rows: int, share: float) -> bytes:
    chosen = [row for row in range(1, rows + 1) if rng.random() < share]
    return array("Q", [posting_key(row, row % 5, 1 + row * 7 % 400) | 1 + row % 9 for row in chosen]).tobytes()


@given(st.integers(0, 10**6), st.integers(1, 300), st.integers(1, 400))
def test_both_ways_give_the_same_numbers(seed: int, rows: int, limit: int) -> None:
    """With numpy and without it, to the last bit and in the same order."""
    rng = random.Random(seed)
    words = [postings(rng, rows, rng.random() ** 2) for _ in range(rng.randint(0, 5))]
    with pytest.MonkeyPatch.context() as patch:
        with_numpy = bm25.best_by_words(words, rows, 80.5, limit)
        patch.setattr(bm25, "has_numpy", lambda: False)
        assert bm25.best_by_words(words, rows, 80.5, limit) == with_numpy
    assert len(with_numpy) <= limit


@given(st.integers(0, 10**6), st.sets(st.integers(0, 6)))
def test_only_postings_of_the_sets_are_left(seed: int, sets: set[int]) -> None:
    """With numpy and without it."""
    blob = postings(random.Random(seed), 100, 0.5)
    with pytest.MonkeyPatch.context() as patch:
        with_numpy = of_sets(blob, sets)
        patch.setattr(posting, "has_numpy", lambda: False)
        assert of_sets(blob, sets) == with_numpy
    rows = [one >> posting.ROW_SHIFT for one in array("Q", blob)]
    left = [one >> posting.ROW_SHIFT for one in array("Q", with_numpy)]
    assert left == [row for row in rows if row % 5 in sets]


def test_a_posting_holds_the_largest_of_everything() -> None:
    """Rows, sets, lengths and counts do not run into each other; longer texts count as so long."""
    one = posting_key(posting.MOST_ROW, posting.MOST_SET, 10**9) | MOST_TIMES
    assert one == 2**64 - 1
    assert posting_key(1, 0, 10**9) == posting_key(1, 0, MOST_LENGTH)
