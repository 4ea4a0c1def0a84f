"""What earlier answers say of a passage: one that is cited when it is sent ranks a little higher. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

MOST = 1.2  # a boost is between 1 / MOST and MOST, on the odds
HALF_LIFE_S = 14 * 86_400.0
_PRIOR = 8.0  # times that a passage counts as sent, and cited as often as any other, before it was


@dataclass(frozen=True, slots=True)
class Use:
    """One time that a passage was sent.

    Attributes:
        age_s: How long ago.
        good: 1 where the answer rests on it, 0 where not; what the caller called the answer counts for half.
    """

    digest: str
    age_s: float
    good: float


def boosts(uses: Iterable[Use]) -> dict[str, float]:
    """Passage digest -> factor on the odds of its score; passages that were not sent have none, which is 1.

    The rate at which a passage is cited, with a prior of the rate of all, over the rate of all; what was long ago
    counts less: half after `HALF_LIFE_S`.
    """
    weight: defaultdict[str, float] = defaultdict(float)
    good: defaultdict[str, float] = defaultdict(float)
    for use in uses:
        share = 0.5 ** (max(0.0, use.age_s) / HALF_LIFE_S)
        weight[use.digest] += share
        good[use.digest] += share * min(1.0, max(0.0, use.good))
    total = sum(weight.values())
    usual = sum(good.values()) / total if total else 0.0
    if not 0 < usual < 1:
        return {}
    return {digest: _within((good[digest] + _PRIOR * usual) / ((weight[digest] + _PRIOR) * usual)) for digest in weight}


def goodness(*, cited: bool, useful: bool | None) -> float:
    """What `Use.good` is for a passage that was sent."""
    return 0.5 * cited + 0.5 * (cited if useful is None else useful)


def _within(factor: float) -> float:
    return min(MOST, max(1 / MOST, factor))
