"""Do live scores still look like those that were calibrated? A sequential test that may be asked after every request.

What is watched are four signs of every text: how its worth is spread, as a share of the text and in tokens
(`Signs.reach`, `half_tokens`), how long it is, and its share of digits. Each falls into a bin, and its rank among all
calibrated and all earlier ones gives a conformal p-value; as long as nothing has changed, the p-values of one sign are
independent and uniform, whatever the distribution is and however few were calibrated (Vovk, Gammerman & Shafer 2005,
"Algorithmic Learning in a Random World", theorem 8.2). Players bet against that. Each but
one knows one change: signs are larger or smaller by so much, or differ so much more or less. It bets the odds of a
normal distribution that is shifted or scaled over one that is not, at the p-value's normal quantile: e-values, whose
mean is one again (Vovk & Wang 2021, "E-values: calibration, combination and applications"), and a few fixed changes
cost no more than the logarithm of their number (the mixtures of Robbins 1970, "Statistical methods related to the law
of the iterated logarithm"). The last one bets on any other shape, by what the last fifty or so looked like (Fedorova,
Gammerman, Nouretdinov & Vovk 2012, "Plug-in martingales for testing exchangeability on-line"). The winnings are added
up over all times at which a change may have begun (Shiryaev & Roberts; as an e-detector, Shin, Ramdas & Rinaldo 2024):
without a change the sum after t texts is t on average, and never expected to fall, so that the chance of an alarm
within t texts is at most ``t / LIMIT``.

The population stability index over tenths of the calibrated texts says how large a change is; it promises nothing.

What an alarm changes has to live beside the fold, since a turn must become the same bytes in every replica. So nothing
here is ever read by a reduction: an alarm may only add a content type to the policy's `risk_distrust`. The policy is
part of every turn's digest, so that is a new epoch, said out loud: cached prefixes break once, and whoever runs several
replicas can set the same in all of them, or set `risk_drift` to ``alarm`` and decide for themselves.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import accumulate
from statistics import NormalDist, fmean
from threading import Lock

from sparing.core.calibration import EDGES, Calibration, Likeness, Signs, bin_of
from sparing.core.verdict import Floor

LIMIT = 100_000.0
"""Sum of winnings at which a change is believed."""
CHANGES = tuple((shift, 1.0) for shift in (-1.5, -0.8, -0.4, 0.4, 0.8, 1.5)) + tuple(
    (0.0, scale) for scale in (0.5, 0.7, 1.4)
)
"""What the players bet on: by how many standard deviations a sign is shifted, and how many times as wide it is."""
_FADE = 0.98  # of what the last player remembers, per request
_SHAPES = 10  # cells that the last player tells p-values apart by
_PRIOR = 5.0  # requests of each shape that it begins with
_WINDOW = 200  # requests that the stability index looks at
_TENTHS = 10  # of the calibrated texts, that it compares
_NORMAL = NormalDist()
_TINY = 1e-15  # p-values whose quantile is finite


class Stream:
    """Watches one sign.

    Args:
        calibrated: How many calibrated texts fell into each bin.
    """

    def __init__(self, calibrated: Sequence[int], seed: int = 0) -> None:
        self._calibrated = calibrated
        total, below = sum(calibrated), accumulate(calibrated)
        self._tenth = [
            min(_TENTHS - 1, _TENTHS * (upto - count // 2) // total)
            for upto, count in zip(below, calibrated, strict=True)
        ]
        self._bag = list(calibrated)
        self._recent: deque[int] = deque(maxlen=_WINDOW)
        self._ties = random.Random(seed)
        self._shape = [_PRIOR] * _SHAPES
        self._sums = [0.0] * (len(CHANGES) + 1)

    def observe(self, place: int) -> float:
        """Take the bin of one more text, and give the evidence so far."""
        self._recent.append(place)
        p = self._p_value(place)
        z = _NORMAL.inv_cdf(min(max(p, _TINY), 1 - _TINY))
        bets = (*(odds(z, shift, scale) for shift, scale in CHANGES), self._guess(p))
        self._sums = [(total + 1) * bet for total, bet in zip(self._sums, bets, strict=True)]
        return fmean(self._sums)

    @property
    def stability(self) -> float:
        """The population stability index of the last two hundred: below 0.1 calm, above 0.25 another population."""
        due, live = [0.5] * _TENTHS, [0.5] * _TENTHS
        for place, count in enumerate(self._calibrated):
            due[self._tenth[place]] += count
        for place in self._recent:
            live[self._tenth[place]] += 1
        shares = [(one / sum(due), other / sum(live)) for one, other in zip(due, live, strict=True)]
        return sum((now - then) * math.log(now / then) for then, now in shares)

    def _p_value(self, place: int) -> float:
        self._bag[place] += 1
        above = sum(self._bag[place + 1 :])
        return (above + self._ties.random() * self._bag[place]) / sum(self._bag)

    def _guess(self, p: float) -> float:
        cell = min(int(p * len(self._shape)), len(self._shape) - 1)
        bet = self._shape[cell] * len(self._shape) / sum(self._shape)
        self._shape = [_PRIOR + _FADE * (count - _PRIOR) for count in self._shape]
        self._shape[cell] += 1
        return bet


def odds(z: float, shift: float, scale: float) -> float:
    """Density at z of a normal distribution with this mean and deviation, over that of the standard one."""
    return math.exp((z * z - ((z - shift) / scale) ** 2) / 2) / scale


class Detector:
    """Watches the texts of one curve: every sign with a stream of its own, each with the same say."""

    def __init__(self, like: Likeness, seed: int = 0) -> None:
        self._streams = {sign: Stream(getattr(like, sign).counts, seed + n) for n, sign in enumerate(EDGES)}

    def observe(self, signs: Signs) -> float:
        """Take one more text, and give the evidence so far: above `LIMIT` something has changed."""
        return fmean(stream.observe(bin_of(sign, getattr(signs, sign))) for sign, stream in self._streams.items())

    @property
    def stability(self) -> float:
        """The population stability index of the sign that has changed most."""
        return max(stream.stability for stream in self._streams.values())


class DriftWatch:
    """Every content type that requests with a risk bring, each with its detector. Safe to share between threads."""

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self._detectors: dict[tuple[str, str], Detector] = {}
        self._drifted: tuple[str, ...] = ()
        self._lock = Lock()

    @property
    def drifted(self) -> tuple[str, ...]:
        """Content types of which a change is believed, in order; until the process ends."""
        return self._drifted

    def observe(self, floors: Iterable[tuple[str, Floor]]) -> tuple[str, ...]:
        """Take the floors of a newest turn, by content type; the types of which a change is believed from now on."""
        with self._lock:
            new = {content for content, floor in floors if self._has_changed(content, floor)}
            self._drifted = tuple(sorted({*self._drifted, *new}))
        return tuple(sorted(new))

    def stability(self) -> dict[str, float]:
        """Content type -> population stability index; of its scorers the one that has changed most."""
        with self._lock:
            found = [(content, detector.stability) for (_, content), detector in self._detectors.items()]
        return {content: max(index for other, index in found if other == content) for content, _ in found}

    def _has_changed(self, content: str, floor: Floor) -> bool:
        curve = self._calibration.curve(floor.scorer, content)
        if curve is None or content in self._drifted:
            return False
        return self._detectors.setdefault((floor.scorer, content), Detector(curve.like)).observe(floor.signs) > LIMIT
