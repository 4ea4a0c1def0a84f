"""Means with 95 % intervals by the paired bootstrap, and the worst tenth.

All methods are resampled with the same draws of samples, so a difference between two methods is paired. Percentile
intervals (Efron & Tibshirani, An Introduction to the Bootstrap, ch. 13); totals are pooled (ratio of sums).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from operator import itemgetter
from typing import Any

from sparing.evals.task import Tally

_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A pooled mean with its 95 % interval.

    Attributes:
        worst: Mean share of the worst tenth of the samples (at least one); the mean itself for differences.
        got, of: The pooled totals behind `mean`; 0 for differences.
    """

    mean: float
    low: float
    high: float
    worst: float
    got: float = 0.0
    of: float = 0.0


def estimate(tallies: Sequence[Tally], seed: int = 0) -> Estimate:
    """Pooled mean of `tallies`. One sample gives an interval of zero width, none gives NaN."""
    if not tallies:
        nan = float("nan")
        return Estimate(nan, nan, nan, nan)
    means = _resampled_means(tallies, seed)
    got, of = sum(t.got for t in tallies), sum(t.of for t in tallies)
    shares = sorted(t.share for t in tallies)
    tenth = shares[: max(1, len(shares) // 10)]
    return Estimate(Tally(got, of).share, *_interval(means), sum(tenth) / len(tenth), got, of)


def difference(ours: Sequence[Tally], theirs: Sequence[Tally], seed: int = 0) -> Estimate:
    """Pooled mean of `ours` minus that of `theirs`, sample i of one paired with sample i of the other.

    Raises:
        ValueError: The two differ in length, or are empty.
    """
    if len(ours) != len(theirs) or not ours:
        raise ValueError(f"cannot pair {len(ours)} with {len(theirs)} samples")
    pairs = zip(_resampled_means(ours, seed), _resampled_means(theirs, seed), strict=True)
    deltas = [a - b for a, b in pairs]
    mean = _pooled(ours).share - _pooled(theirs).share
    return Estimate(mean, *_interval(deltas), mean)


def _pooled(tallies: Sequence[Tally]) -> Tally:
    return Tally(sum(t.got for t in tallies), sum(t.of for t in tallies))


def _resampled_means(tallies: Sequence[Tally], seed: int) -> list[float]:
    got, of = [t.got for t in tallies], [t.of for t in tallies]
    return [Tally(sum(pick(got)), sum(pick(of))).share for pick in _picks(len(tallies), seed)]


@lru_cache(maxsize=8)
def _picks(size: int, seed: int) -> tuple[Callable[[Sequence[float]], Any], ...]:
    if size == 1:
        return (lambda values: values,)
    rng = random.Random(seed)
    return tuple(itemgetter(*rng.choices(range(size), k=size)) for _ in range(_RESAMPLES))


def _interval(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    last = len(ordered) - 1
    return ordered[round(0.025 * last)], ordered[round(0.975 * last)]


def wilson(got: int, of: int) -> tuple[float, float]:
    """95 % interval of a share seen `got` times in `of` (Wilson 1927); all of 0..1 where nothing was seen."""
    if not of:
        return 0.0, 1.0
    z2, share = 1.96**2, got / of
    middle, width = share + z2 / (2 * of), 1.96 * sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, (middle - width) / (1 + z2 / of)), min(1.0, (middle + width) / (1 + z2 / of))
