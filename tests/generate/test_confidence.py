"""How far a weak model can be trusted."""

from __future__ import annotations

import random

import pytest

from sparing.generate.confidence import Confidence, lower_bound


def run(easy: float, price: float, seed: int = 0, num: int = 3000, flip_at: int = 10**9) -> dict[str, float]:
    """Traffic of which a share is easy; the signal tells which, mostly. After `flip_at` the weak model fails."""
    rng = random.Random(seed)
    confidence = Confidence(1, 0.9, price, draw=rng.random)
    taken = right = tried = late_taken = 0
    for at in range(num):
        is_easy = rng.random() < easy
        if not confidence.is_worth_trying():
            continue
        tried += 1
        signal = rng.gauss(0.8 if is_easy else 0.2, 0.15)
        correct = rng.random() < (0.98 if is_easy else 0.2) and at < flip_at
        if confidence.takes((signal,)):
            taken += 1
            right += correct
            late_taken += at > flip_at + 1000
        else:
            confidence.learn((signal,), correct)
    return {"taken": taken / num, "right": right / max(taken, 1), "tried": tried / num, "late": late_taken / num}


@pytest.mark.parametrize("seed", range(5))
def test_easy_traffic_stays_with_the_weak_model(seed: int) -> None:
    """Most of what is easy, and what is passed on is as good as asked."""
    told = run(0.6, 0.1, seed)
    assert told["taken"] > 0.4
    assert told["right"] >= 0.9


@pytest.mark.parametrize("seed", range(5))
def test_hopeless_traffic_is_not_tried_for_long(seed: int) -> None:
    """What failed tries cost is bounded: the first 200, and a few to see whether it is still so."""
    told = run(0.0, 0.3, seed)
    assert told["taken"] == 0
    assert told["tried"] < 0.15


def test_a_model_that_became_worse_is_noticed() -> None:
    """By the few answers that are compared all the same."""
    assert run(0.9, 0.1, num=12_000, flip_at=3000)["late"] < 0.15


def test_nothing_is_taken_before_anything_is_known() -> None:
    """However good it looks."""
    confidence = Confidence(2, 0.9, 0.1)
    assert not confidence.takes((1.0, 1.0))
    assert confidence.is_worth_trying()


def test_what_always_agrees_is_taken_as_soon_as_that_is_known() -> None:
    """After twenty comparisons, without the luck of exploring."""
    confidence = Confidence(2, 0.9, 0.1, draw=lambda: 0.5)
    told = []
    for _ in range(60):
        tried = confidence.is_worth_trying()
        told.append(tried and confidence.takes((1.0, 0.3)))
        if tried and not told[-1]:
            confidence.learn((1.0, 0.3), True)
    assert told == [False] * 20 + [True] * 40


def test_the_bound() -> None:
    """Wilson's, by hand: 20 of 20 are at least 92.4 %."""
    assert lower_bound(20, 20) == pytest.approx(0.924, abs=0.001)
    assert lower_bound(0, 20) == pytest.approx(0.0, abs=1e-9)
    assert lower_bound(90, 100) < 0.9 < lower_bound(95, 100) + 0.05
