"""What earlier answers say of a passage: one that is cited when it is sent ranks a little higher. Pure.

Each time that a passage was sent is a trial, and being cited its success; both count half after a half-life. Its rate
is shrunk towards the rate of all by `PRIOR` trials (a beta prior, empirical Bayes), and the lift over that rate, as a
share of the most it could be, moves the odds by at most `MOST`. So n trials that still count move a passage by at most
``MOST * n / (n + PRIOR)``: the first few say little, and none say more than the bound.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

MOST = 0.2  # a boost is between 1 - MOST and 1 + MOST, on the odds
PRIOR = 10.0  # trials
HALF_LIFE_S = 14 * 86_400.0


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
    """Passage digest -> factor on the odds of its score; passages that were not sent have none, which is 1."""
    weight: defaultdict[str, float] = defaultdict(float)
    good: defaultdict[str, float] = defaultdict(float)
    for use in uses:
        share = 0.5 ** (max(0.0, use.age_s) / HALF_LIFE_S)
        weight[use.digest] += share
        good[use.digest] += share * min(1.0, max(0.0, use.good))
    usual = (sum(good.values()) + 1.0) / (sum(weight.values()) + 2.0)
    return {digest: _boost(weight[digest], good[digest], usual) for digest in weight}


def goodness(*, cited: bool, useful: bool | None) -> float:
    """What `Use.good` is for a passage that was sent."""
    return 0.5 * cited + 0.5 * (cited if useful is None else useful)


def _boost(weight: float, good: float, usual: float) -> float:
    lift = (good + PRIOR * usual) / (weight + PRIOR) - usual
    return 1.0 + MOST * (lift / (1.0 - usual) if lift > 0 else lift / usual)
