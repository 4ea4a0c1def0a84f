"""Live scores against calibrated ones."""

from __future__ import annotations

import random
from statistics import NormalDist, fmean

import pytest

from sparing.core.calibration import Calibration, Curve, Likeness, Signs
from sparing.core.verdict import Floor
from sparing.evals.calibration.fitted import likeness_of
from sparing.guard.drift import CHANGES, LIMIT, Detector, DriftWatch, Stream, odds

RUNS = 100


def sign(rng: random.Random, reach: float = 0.05, tokens: int = 2000, spread: float = 0.7) -> Signs:
    """One text of a population with this median reach and length, and reaches that differ so much."""
    reach *= rng.lognormvariate(0, spread)
    return Signs(int(tokens * rng.lognormvariate(0, 0.5)), min(1.0, reach), 0.01, "latin")


def calibrated(rng: random.Random, size: int = 300) -> Likeness:
    return likeness_of([sign(rng) for _ in range(size)])


def first_alarm(detector: Detector, rng: random.Random, most: int, **population: float) -> int:
    """Requests of a population until an alarm; `most` + 1 without one."""
    for number in range(1, most + 1):
        if detector.observe(sign(rng, **population)) > LIMIT:  # type: ignore[arg-type]
            return number
    return most + 1


def test_without_a_change_there_are_no_more_false_alarms_than_promised() -> None:
    """Each stream is promised at most 1,000 / 100,000: among a hundred there should be one, and hardly more than four."""
    alarms = 0
    for seed in range(RUNS):
        rng = random.Random(seed)
        alarms += first_alarm(Detector(calibrated(rng), seed), rng, 1000) <= 1000
    assert alarms <= 4


def test_the_winnings_are_a_fair_game() -> None:
    """Without a change the sum after t texts is t on average: the bound on false alarms stands on that."""
    t = 5
    sums = []
    for seed in range(4000):
        rng = random.Random(seed)
        bins = [min(9, int(10 * rng.random() ** 2)) for _ in range(30 + t)]
        stream = Stream([bins[:30].count(place) for place in range(10)], seed)
        sums.append([stream.observe(place) for place in bins[30:]][-1])
    assert fmean(sums) == pytest.approx(t, rel=0.03)


def test_every_bet_is_fair() -> None:
    """Whatever is bet on, a p-value that is uniform wins nothing on average: midpoints of 100,000 equal parts."""
    parts = 100_000
    quantiles = [NormalDist().inv_cdf((part + 0.5) / parts) for part in range(parts)]
    for shift, scale in CHANGES:
        assert fmean(odds(z, shift, scale) for z in quantiles) == pytest.approx(1, rel=0.005)


@pytest.mark.parametrize("calm", [0, 400])
@pytest.mark.parametrize(
    "population", [{"reach": 0.1}, {"reach": 0.02}, {"tokens": 800}, {"spread": 1.2}, {"spread": 0.35}]
)
def test_a_change_is_seen_within_two_hundred_texts(population: dict[str, float], calm: int) -> None:
    """Whether it is there from the start or comes after hundreds of calm requests."""
    for seed in range(20):
        rng = random.Random(seed)
        detector = Detector(calibrated(rng), seed)
        assert first_alarm(detector, rng, calm) > calm
        assert first_alarm(detector, rng, 200, **population) <= 200


def test_the_index_tells_a_calm_stream_from_another_population() -> None:
    """By the usual reading: below 0.25, and far above."""
    rng = random.Random(0)
    calm, changed = (Detector(calibrated(rng)) for _ in range(2))
    for _ in range(200):
        calm.observe(sign(rng))
        changed.observe(sign(rng, reach=0.2))
    assert calm.stability < 0.25 < 1 < changed.stability


def test_the_watch_keeps_types_apart_and_an_alarm_for_good() -> None:
    """Prose drifts, markdown does not; texts that no curve speaks of are not watched."""
    rng = random.Random(3)
    like = calibrated(rng)
    curves = tuple(Curve("p.v1", kind, 300, 300, (0.0,), (0.0,), (0.0,), True, like) for kind in ("prose", "markdown"))
    watch = DriftWatch(Calibration("2026-01-01", (), curves))

    def floor(**population: float) -> Floor:
        return Floor(0.5, "", "p.v1", 300, sign(rng, **population))  # type: ignore[arg-type]

    told = []
    for _ in range(200):
        told += watch.observe([("prose", floor(reach=0.2)), ("markdown", floor()), ("code", floor(reach=0.9))])
    assert told == ["prose"]
    assert watch.drifted == ("prose",)
    assert watch.stability().keys() == {"prose", "markdown"}
