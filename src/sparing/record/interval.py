"""A total with its 95 % interval, by a bootstrap over blocks of neighbours.

The turns of a conversation come one after another and are alike, so neighbours are resampled together: a block
bootstrap (Künsch 1989, doi:10.1214/aos/1176347265) with blocks that do not overlap. Percentile intervals (Efron &
Tibshirani, An Introduction to the Bootstrap, ch. 13).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

_RESAMPLES = 1000
_SEED = 0


@dataclass(frozen=True, slots=True)
class Interval:
    """A total, and what it would be in 95 % of repetitions of such traffic."""

    total: float
    low: float
    high: float


def total_interval(values: Sequence[float]) -> Interval:
    """The sum of `values`, which stand in the order of time; they make about 2 sqrt(n) blocks."""
    block = max(1, round(len(values) ** 0.5 / 2))
    sums = [sum(values[at : at + block]) for at in range(0, len(values), block)]
    rng = random.Random(_SEED)
    totals = sorted(sum(rng.choices(sums, k=len(sums))) for _ in range(_RESAMPLES))
    return Interval(sum(values), totals[round(0.025 * (_RESAMPLES - 1))], totals[round(0.975 * (_RESAMPLES - 1))])
