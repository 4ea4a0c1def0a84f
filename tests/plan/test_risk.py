"""From a risk to the least worth that keeps it."""

from __future__ import annotations

import math
import random
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.core.calibration import Curve, Likeness, Spread
from sparing.plan.isotonic import never_rising
from sparing.plan.risk import Asked, expected_loss, fewest, first_above, is_kept, threshold
from sparing.plan.tails import binomial_at_most, hypergeometric_at_most, mean_at_most
from sparing.settings.policy import RISK_CONFIDENCE

SPREAD = Spread(0.0, 1.0, (1,))
LIKE = Likeness(("latin",), SPREAD, SPREAD, SPREAD, SPREAD)
LEVELS = tuple(level / 100 for level in range(100))


def curve_of(critical: list[float], levels: tuple[float, ...] = LEVELS) -> Curve:
    """Texts that each lose everything up to their critical worth, and nothing above it."""
    lost = tuple(float(sum(level < worth for worth in critical)) for level in levels)
    chance = tuple(value / len(critical) for value in lost)
    return Curve("x.v1", "prose", len(critical), len(critical), levels, lost, chance, True, LIKE)


def test_the_fewest_examples_are_those_of_the_formulas() -> None:
    """Conformal risk control takes 1/risk - 1; Clopper and Pearson log(doubt) / log(1 - risk)."""
    for risk in (0.01, 0.02, 0.05, 0.1):
        assert fewest(Asked(risk, 0)) == round(1 / risk) - 1
        assert fewest(Asked(risk, 0.95, math.inf)) == math.ceil(math.log(0.05) / math.log(1 - risk))
    with pytest.raises(ValueError, match="risk of 0"):
        fewest(Asked(0.0))


def test_the_tails_are_those_of_counting() -> None:
    """Small cases, every outcome counted."""
    assert binomial_at_most(1, 3, 0.5) == pytest.approx(4 / 8)
    assert hypergeometric_at_most(0, 2, 3, 5) == pytest.approx(1 / 10)
    assert (binomial_at_most(-1, 3, 0.5), binomial_at_most(3, 3, 0.5)) == (0, 1)
    assert (hypergeometric_at_most(1, 5, 3, 5), hypergeometric_at_most(3, 5, 3, 5)) == (0, 1)


@given(st.integers(1, 60), st.data())
def test_the_bound_on_a_mean_bounds_the_exact_tail(n: int, data: st.DataObject) -> None:
    """Losses of 0 or 1 are the case where the exact tail is known."""
    lost = data.draw(st.integers(0, n))
    mean = data.draw(st.floats(0.001, 0.999))
    assert mean_at_most(lost, n, mean) >= binomial_at_most(lost, n, mean) - 1e-9


@given(st.lists(st.floats(0, 0.999), min_size=1, max_size=300), st.floats(0.005, 0.5), st.sampled_from([0, 0.9, 0.95]))
def test_the_threshold_is_the_lowest_level_that_keeps_the_risk(critical: list[float], risk: float, sure: float) -> None:
    """All levels above keep it as well, and the next one below does not."""
    curve, asked = curve_of(critical), Asked(risk, sure)
    level = threshold(curve, asked)
    kept = [is_kept(lost, curve.n, asked) for lost in curve.lost]
    if level is None:
        assert not kept[-1]
        return
    at = curve.worth.index(level)
    assert all(kept[at:])
    assert at == 0 or not kept[at - 1]


@given(st.lists(st.floats(0, 0.999), min_size=50, max_size=300))
def test_less_risk_and_more_confidence_never_send_less(critical: list[float]) -> None:
    """Thresholds are ordered as what was asked for."""
    curve = curve_of(critical)

    def level(asked: Asked) -> float:
        found = threshold(curve, asked)
        return 1.0 if found is None else found

    assert level(Asked(0.05)) >= level(Asked(0.1)) >= level(Asked(0.5))
    assert level(Asked(0.1, 0.95)) >= level(Asked(0.1, 0.8)) >= level(Asked(0.1, 0.5, math.inf))


@pytest.mark.parametrize("risk", [0.05, 0.1])
def test_the_promise_holds_over_random_splits(risk: float) -> None:
    """Whatever the scores are worth: calibrated on half of the texts, the other half loses no more than was asked."""
    rng = random.Random(1)
    pool = [rng.random() ** rng.choice((0.3, 3)) * 0.99 for _ in range(800)]
    kept = means = 0.0
    for _ in range(200):
        rng.shuffle(pool)
        calibrated, coming = pool[:400], pool[400:]
        level = threshold(curve_of(calibrated), Asked(risk))
        expected = threshold(curve_of(calibrated), Asked(risk, 0))
        assert level is not None
        assert expected is not None
        kept += sum(level < worth for worth in coming) <= risk * len(coming)
        means += sum(expected < worth for worth in coming) / len(coming)
    assert kept >= 0.98 * 200 - 2 * math.sqrt(200 * 0.02 * 0.98)
    assert means / 200 <= risk + 0.003


def test_by_default_at_least_95_of_100_promises_hold_whatever_chance_does() -> None:
    """At a confidence of 95 % fewer would hold in two cases of five."""
    assert binomial_at_most(5, 100, 1 - RISK_CONFIDENCE) > 0.98
    assert binomial_at_most(5, 100, 0.05) < 0.62


def test_shares_that_are_lost_are_bounded_too() -> None:
    """Losses between 0 and 1 take more texts, since less is known of how they fall."""
    assert not is_kept(0, 100, Asked(0.02), all_or_nothing=False)
    assert is_kept(0, 1000, Asked(0.02), all_or_nothing=False)
    assert is_kept(20, 1000, Asked(0.05, 0.95, math.inf), all_or_nothing=False)
    assert not is_kept(49, 1000, Asked(0.05, 0.95, math.inf), all_or_nothing=False)


def test_no_text_is_too_much_for_a_risk_of_one() -> None:
    """Who may lose everything needs no calibration."""
    assert is_kept(1, 1, Asked(1.0))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.floats(-0.1, 1.1))
def test_the_first_rung_above_a_level(worth: list[float], level: float) -> None:
    """The lowest that is worth more, else the last."""
    worth = sorted(worth)
    above = [rung for rung, value in enumerate(worth) if value > level]
    assert first_above(worth, level) == (above[0] if above else len(worth) - 1)


def test_the_expected_loss_falls_with_the_worth_and_is_never_nothing() -> None:
    """One text more in doubt, as long as anything is left out."""
    curve = curve_of([0.2] * 10 + [0.6] * 5 + [-1.0] * 85)
    losses = [expected_loss(curve, worth) for worth in (0.0, 0.1, 0.4, 0.99)]
    assert losses == pytest.approx([1.0, 16 / 101, 6 / 101, 1 / 101])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.data())
def test_isotonic_regression_is_the_nearest_that_never_rises(values: list[float], data: st.DataObject) -> None:
    """It never rises, keeps the mean, is a fixed point, and no other such sequence is nearer."""
    fitted = never_rising(values)
    assert all(a >= b - 1e-12 for a, b in zip(fitted, fitted[1:], strict=False))
    assert sum(fitted) == pytest.approx(sum(values), abs=1e-9)
    assert never_rising(fitted) == pytest.approx(fitted)
    steps = data.draw(st.lists(st.floats(0, 0.5), min_size=len(values), max_size=len(values)))
    other = list(accumulate(steps, lambda a, b: a - b, initial=1.0))[1:]
    assert distance(values, fitted) <= distance(values, other) + 1e-9


def distance(a: list[float], b: list[float]) -> float:
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))
