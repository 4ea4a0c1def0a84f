"""What a way of routing is worth: quality against the share of requests that the strong model gets.

The measures are RouteLLM's (arXiv 2406.18665, section 2.2). Of the quality that the strong model adds, so much is
recovered at each share (PGR); APGR is the area under that curve, CPT(x) the least share at which x of it is recovered.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Curve:
    """Attributes: `recovered` after 0, 1, ... all requests went to the strong model."""

    recovered: tuple[float, ...]

    @property
    def apgr(self) -> float:
        inner = sum(self.recovered[1:-1]) + (self.recovered[0] + self.recovered[-1]) / 2
        return inner / (len(self.recovered) - 1)

    def cpt(self, share: float) -> float:
        """The least share of strong calls, 0..1, that recovers so much."""
        last = len(self.recovered) - 1
        return next((at for at, got in enumerate(self.recovered) if got >= share), last) / last


def curve(scores: Sequence[float], gains: Sequence[int], seed: int = 0) -> Curve:
    """Route the highest scores first; ties are broken at random.

    Args:
        gains: 1 where only the strong model is right, -1 where only the weak one is, else 0.
    """
    order = _order(scores, seed)
    total = sum(gains)
    got, recovered = 0, [0.0]
    for at in order:
        got += gains[at]
        recovered.append(got / total)
    return Curve(tuple(recovered))


def interval(
    scores: Sequence[float], gains: Sequence[int], groups: Sequence[str], seed: int = 0, resamples: int = 500
) -> tuple[float, float]:
    """95 % interval of the APGR over whole groups drawn again (percentile bootstrap): a subject is one draw."""
    rng = random.Random(seed)
    names = sorted(set(groups))
    order = _order(scores, seed)
    found = []
    for _ in range(resamples):
        weights = dict.fromkeys(names, 0)
        for name in rng.choices(names, k=len(names)):
            weights[name] += 1
        found.append(_weighted_apgr([(weights[groups[at]], gains[at]) for at in order]))
    found.sort()
    return found[int(0.025 * resamples)], found[int(0.975 * resamples) - 1]


def _weighted_apgr(rows: Sequence[tuple[int, int]]) -> float:
    area, got, num = 0.0, 0, 0
    for weight, gain in rows:
        area += weight * (got + weight * gain / 2)
        got += weight * gain
        num += weight
    return area / (num * got) if got and num else 0.5


def _order(scores: Sequence[float], seed: int) -> list[int]:
    rng = random.Random(seed)
    ties = [rng.random() for _ in scores]
    return sorted(range(len(scores)), key=lambda at: (-scores[at], ties[at]))
