"""Forecasts hold the chance that they state, through changes of the upstream."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.plan.forecast.answer_length import AnswerLengths
from sparing.plan.forecast.drift import Drift
from sparing.plan.forecast.latency import Latency, Observation
from sparing.plan.forecast.ratios import Ratios
from sparing.plan.forecast.regression import Regression

Speed = Callable[[int], float]


def run(seed: int, num: int, slower: Speed) -> tuple[Latency, list[bool], list[int]]:
    """An upstream whose times are log-normal about a line, `slower(n)` times as slow at request n.

    Returns:
        What was learned, whether each first token came within its 95 % time, and when drifts were seen.
    """
    rng, latency = random.Random(seed), Latency()
    covered, drifts = [], []
    for n in range(num):
        tokens, before = int(rng.lognormvariate(7, 1)), rng.randrange(10)
        cached = rng.randrange(tokens + 1)
        forecast = latency.forecast(tokens, cached, before)
        line_s = 0.2 + 0.0001 * (tokens - cached) + 0.00001 * cached + 0.05 * before
        first_s = slower(n) * line_s * rng.lognormvariate(0, 0.3)
        covered.append(first_s <= forecast.first_token_s * forecast.first_ratios.quantile(0.95))
        length = int(rng.lognormvariate(5, 1)) + 1
        answer_s = first_s + length * 0.02 * slower(n) * rng.lognormvariate(0, 0.2)
        known = latency.num_drifts
        latency.observe(Observation(tokens, cached, before, first_s, length, answer_s))
        if latency.num_drifts > known:
            drifts.append(n)
    return latency, covered, drifts


@pytest.mark.parametrize("seed", range(3))
def test_what_is_said_with_95_percent_holds_about_as_often(seed: int) -> None:
    """Over 1,500 requests; the line itself is found."""
    latency, covered, drifts = run(seed, 1500, lambda _: 1.0)
    assert 0.93 <= sum(covered[100:]) / len(covered[100:]) <= 0.985
    assert latency.forecast(10_000, 0, 0).first_token_s == pytest.approx(1.2 * 1.046, rel=0.2)
    assert len(drifts) <= 3


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_a_tenfold_change_is_seen_at_once(factor: float) -> None:
    """Within ten requests, and soon afterwards what is said holds again."""
    _, covered, drifts = run(7, 1200, lambda n: factor if n >= 600 else 1.0)
    assert any(600 <= n < 610 for n in drifts)
    assert sum(covered[700:]) / len(covered[700:]) >= 0.92


def test_failures_lower_every_chance() -> None:
    """An upstream that mostly fails is not trusted to be in time; one that recovers is again."""
    latency = Latency()
    for _ in range(200):
        latency.observe(Observation(100, 0, 0, None))
    assert latency.failure_rate > 0.9
    assert latency.forecast(100, 0, 0).chance_of_first_token(1e9) < 0.1
    for _ in range(300):
        latency.observe(Observation(100, 0, 0, 0.5, 10, 1.0))
    assert latency.forecast(100, 0, 0).chance_of_first_token(60.0) > 0.9


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**6), st.floats(0, 1), st.integers(0, 1000), st.floats(0, 1e6), st.integers(0, 10**6)
        ),
        max_size=60,
    )
)
def test_no_observation_breaks_it(seen: list[tuple[int, float, int, float, int]]) -> None:
    """Whatever came before, more new tokens never come sooner and chances are chances."""
    latency = Latency()
    for tokens, share, before, first_s, length in seen:
        answer_s = first_s + length * 0.01
        latency.observe(Observation(tokens, int(tokens * share), before, first_s, length, answer_s))
    short, long = latency.forecast(1000, 0, 1), latency.forecast(5000, 0, 1)
    assert 0 < short.first_token_s <= long.first_token_s
    for forecast in (short, long):
        chances = [forecast.chance_of_answer(t, [10.0, 100.0]) for t in (0.1, 1.0, 10.0, 1e9)]
        assert all(0.0 <= chance <= 1.0 + 1e-9 for chance in chances)
        assert chances == sorted(chances)


@given(st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=300), st.floats(0.01, 0.99))
def test_a_quantile_and_its_chance_say_the_same(ratios: list[float], chance: float) -> None:
    """The law of a distribution: the chance of the quantile is the quantile's chance."""
    histogram = Ratios()
    for ratio in ratios:
        histogram.add(ratio)
    assert histogram.chance(histogram.quantile(chance)) == pytest.approx(chance, abs=1e-6)


def test_old_observations_weigh_half_after_their_half_life() -> None:
    """A hundred of one kind, then a hundred of another: two to one for the newer."""
    histogram = Ratios(half_life=100)
    for ratio in [0.25] * 100 + [4.0] * 100:
        histogram.add(ratio)
    assert histogram.chance(1.0) == pytest.approx(1 / 3, abs=0.03)


def test_a_line_is_found() -> None:
    """Three coefficients from noisy observations."""
    rng, line = random.Random(1), Regression((1.0, 1.0, 1.0))
    for _ in range(500):
        x = (1.0, rng.random() * 10, rng.random())
        line.observe(x, (0.5 + 2 * x[1] + 0.1 * x[2]) * rng.uniform(0.95, 1.05))
    assert line.weights[:2] == pytest.approx([0.5, 2.0], rel=0.15)


def test_drift_has_few_false_alarms() -> None:
    """Less than one in 1,000 normal errors."""
    rng, drift = random.Random(3), Drift()
    assert sum(drift.is_drift(rng.gauss(0, 1)) for _ in range(20_000)) <= 20


def test_answers_are_as_long_as_they_were() -> None:
    """A kind's own lengths once there are some; those of all before."""
    lengths = AnswerLengths()
    for _ in range(100):
        lengths.observe("chat", 40)
        lengths.observe("contract", 2_000)
    assert 25 < lengths.lengths("chat")[2] < 60
    assert 1_200 < lengths.lengths("contract")[2] < 3_000
    assert lengths.lengths("new")[0] < 60 < 1_200 < lengths.lengths("new")[-1]


def test_kinds_are_bounded() -> None:
    """The kinds used longest ago go."""
    lengths = AnswerLengths(most_kinds=100)
    for kind in range(1_000):
        lengths.observe(kind, 10)
    assert len(lengths) == 100


@given(st.lists(st.floats(1e-3, 1e4), max_size=300), st.floats(-1, 200))
def test_one_chance_is_that_of_many(ratios: list[float], asked: float) -> None:
    """Whether the sums of all bins are at hand or not."""
    seen = Ratios()
    for ratio in ratios:
        seen.add(ratio)
    alone = seen.chance(asked)
    assert alone == pytest.approx(seen.chances((asked,)))
    assert seen.chance(asked) == pytest.approx(alone)


def test_lengths_lag_few_answers_behind() -> None:
    """None at first; of many answers at most eight are not yet among what is said."""
    lengths, fresh = AnswerLengths(), AnswerLengths()
    rng = random.Random(4)
    for number in range(300):
        tokens = int(rng.lognormvariate(5, 1))
        lengths.observe("a", tokens)
        fresh.observe("a", tokens)
        said = lengths.lengths("a")
        if number < 15 or number == 299:
            fresh._kinds["a"].quantiles.clear()
            assert said == (
                pytest.approx(fresh.lengths("a")) if number < 15 else pytest.approx(fresh.lengths("a"), rel=0.1)
            )


def test_a_long_line_says_nothing_of_who_passes_it() -> None:
    """Where it is known how many are served at once, who finds one free is not thought to wait as those in line did."""
    known, blind = Latency(8), Latency()
    for number in range(400):
        before = number % 80
        first_s = 0.3 + 0.25 * max(0, before - 7)
        for latency in (known, blind):
            latency.observe(Observation(1000, 0, before, first_s))
    assert known.forecast(1000, 0, 7).first_token_s == pytest.approx(0.3, rel=0.25)
    assert known.forecast(1000, 0, 60).first_token_s == pytest.approx(0.3 + 0.25 * 53, rel=0.1)
    assert blind.forecast(1000, 0, 7).first_token_s > 1.0
