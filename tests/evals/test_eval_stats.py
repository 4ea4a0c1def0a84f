"""The bootstrap against cases whose answer is known."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.evals.stats import difference, estimate
from sparing.evals.task import Tally

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def test_the_interval_of_a_coin_is_the_textbook_one() -> None:
    """400 tosses, half heads: 50 % +- 1.96 * sqrt(0.25 / 400) = 4.9 points."""
    result = estimate([Tally(float(i % 2)) for i in range(400)])
    assert result.mean == 0.5
    assert result.low == pytest.approx(0.5 - 0.049, abs=0.008)
    assert result.high == pytest.approx(0.5 + 0.049, abs=0.008)


def test_the_interval_covers_the_truth_about_95_times_in_100() -> None:
    """Over 200 samples of a known coin the interval misses between 2 and 20 times."""
    rng = random.Random(1)
    misses = 0
    for _ in range(200):
        result = estimate([Tally(float(rng.random() < 0.3)) for _ in range(100)])
        misses += not result.low <= 0.3 <= result.high
    assert 2 <= misses <= 20


def test_pairing_makes_a_constant_lead_certain() -> None:
    """A method that is better by 0.1 on every sample leads by 0.1 with no doubt, however much the samples vary."""
    theirs = [Tally(i / 60) for i in range(50)]
    ours = [Tally(t.got + 0.1) for t in theirs]
    result = difference(ours, theirs)
    assert (result.mean, result.low, result.high) == pytest.approx((0.1, 0.1, 0.1))


def test_totals_are_pooled() -> None:
    """One of one and none of nine are one of ten; a sample without anything to keep does not count."""
    assert estimate([Tally(1, 1), Tally(0, 9), Tally(0, 0)]).mean == 0.1


def test_the_worst_tenth_is_the_mean_of_the_lowest_shares() -> None:
    """Of 20 samples the two lowest."""
    assert estimate([Tally(i / 20) for i in range(20)]).worst == pytest.approx(0.025)


def test_no_samples_have_no_mean() -> None:
    """NaN, not nought."""
    assert math.isnan(estimate([]).mean)


def test_unequal_lists_cannot_be_paired() -> None:
    """Neither can empty ones."""
    with pytest.raises(ValueError, match="cannot pair"):
        difference([Tally(1)], [])
    with pytest.raises(ValueError, match="cannot pair"):
        difference([], [])


@settings(max_examples=30, deadline=None)
@given(SHARES)
def test_the_mean_lies_in_its_interval_and_the_same_seed_gives_the_same(shares: list[float]) -> None:
    """low <= high, both within the range of the data, and no chance beside the seed."""
    tallies = [Tally(share) for share in shares]
    result = estimate(tallies, 5)
    assert min(shares) - 1e-9 <= result.low <= result.high <= max(shares) + 1e-9
    assert result == estimate(tallies, 5)
