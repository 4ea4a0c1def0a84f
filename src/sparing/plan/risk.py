"""From a risk to the least worth that keeps it, by what was lost on texts that were calibrated.

A loss is the share of the needed evidence that a rendition no longer holds, 0..1. The higher the worth that is asked
for, the less is lost; so the least worth at which a bound on the loss is still below the risk can be chosen by data
without spending the guarantee. Nothing is assumed of the scorer, only that the texts to come are like those calibrated.

Two forms of guarantee:

- *Expectation* (`confidence` 0): on average over calibrations the expected loss is at most the risk. Angelopoulos et
  al. 2022, "Conformal risk control", eq. 4: the least level with ``n/(n+1) * mean loss + 1/(n+1) <= risk``.
- *High probability* (`confidence` above 0, by default 0.98): with this confidence in the calibration, the loss measured
  over the next `horizon` texts is at most the risk. For losses of 0 or 1 it is exact, by exchangeability alone: of the
  texts with the highest critical worth among calibrated and coming ones, as many are calibrated as chance would have it
  (the law of Gazin, Blanchard & Roquain 2024, "Transductive conformal inference with adaptive scores"). An infinite
  horizon bounds the expected loss itself: the bound of Clopper & Pearson 1934, as used by Bates et al. 2021,
  "Distribution-free, risk-controlling prediction sets". For other losses, Hoeffding's and Bentkus' inequalities, half
  of the doubt on the expected loss and half on the horizon.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sparing.core.calibration import Curve
from sparing.plan.tails import binomial_at_most, hypergeometric_at_most, mean_at_most
from sparing.settings.policy import RISK_CONFIDENCE

_HALVINGS = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """A risk, and how sure one wants to be of it.

    Attributes:
        risk: Most of the needed evidence that may be lost, 0..1.
        confidence: 0..1; 0 asks for the expectation only.
        horizon: Over how many texts the loss is measured: None as many as were calibrated, `math.inf` all there may be.
    """

    risk: float
    confidence: float = RISK_CONFIDENCE
    horizon: float | None = None


@lru_cache(maxsize=256)
def threshold(curve: Curve, asked: Asked) -> float | None:
    """The lowest level of worth that keeps the risk; None where too few texts were calibrated for it."""
    best = None
    for level, lost in zip(reversed(curve.worth), reversed(curve.lost), strict=True):
        if not is_kept(lost, curve.n, asked, all_or_nothing=curve.all_or_nothing):
            break
        best = level
    return best


@lru_cache(maxsize=4096)
def is_kept(lost: float, n: int, asked: Asked, *, all_or_nothing: bool = True) -> bool:
    """Whether a loss of `lost` on n texts, 0..1 each, lets the risk be promised."""
    if asked.risk >= 1:
        return True
    if asked.confidence <= 0:
        return (lost + 1) / (n + 1) <= asked.risk
    doubt = 1 - asked.confidence
    horizon = n if asked.horizon is None else asked.horizon
    if not all_or_nothing:
        if math.isinf(horizon):
            return mean_at_most(lost, n, asked.risk) <= doubt
        return mean_at_most(lost, n, _shown(asked.risk, int(horizon), doubt / 2)) <= doubt / 2
    if math.isinf(horizon):
        return binomial_at_most(round(lost), n, asked.risk) <= doubt
    coming = int(horizon)
    allowed = math.floor(asked.risk * coming + 1e-9)
    return hypergeometric_at_most(round(lost), round(lost) + allowed + 1, n, n + coming) <= doubt


def fewest(asked: Asked) -> int:
    """How many texts, none of which loses anything, have to be calibrated for this risk."""
    if asked.risk <= 0:
        raise ValueError("no number of texts promises a risk of 0")
    high = 1
    while not is_kept(0, high, asked):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_kept(0, middle, asked) else (middle, high)
    return high


def first_above(worth: Sequence[float], level: float) -> int:
    """The lowest rung worth more than a level; the last where none is. `worth` never falls."""
    low, high = 0, len(worth) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if worth[middle] > level else (middle + 1, high)
    return low


def expected_loss(curve: Curve, worth: float) -> float:
    """The share of needed evidence that a rung of this worth is expected to lose, one text more in doubt."""
    below = bisect_left(curve.worth, worth) - 1
    chance = curve.chance[below] if below >= 0 else 1.0
    return (curve.n * chance + 1) / (curve.n + 1)


@lru_cache(maxsize=256)
def _shown(risk: float, horizon: int, doubt: float) -> float:
    """The highest expected loss of which `horizon` texts show no more than `risk`, but for this doubt."""
    low, high = 0.0, risk
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        held = mean_at_most(horizon * (1 - risk), horizon, 1 - middle) <= doubt
        low, high = (middle, high) if held else (low, middle)
    return low
