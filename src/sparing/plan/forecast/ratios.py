"""How far off predictions are: a histogram of observed / predicted that forgets.

No shape is assumed: latencies have heavy tails that differ by upstream, and a target is met or not by the tail.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import accumulate

_PER_OCTAVE = 8
_LOW, _HIGH = -4, 6  # octaves: from a sixteenth of what was predicted to 64 times that
_BINS = (_HIGH - _LOW) * _PER_OCTAVE
_PRIOR_WEIGHT, _PRIOR_OCTAVES = 4.0, 0.7  # before anything was seen: right within a factor of 1.6, two times in three
_LARGEST = 1e9


def _prior() -> list[float]:
    centres = [_LOW + (i + 0.5) / _PER_OCTAVE for i in range(_BINS)]
    weights = [math.exp(-0.5 * (centre / _PRIOR_OCTAVES) ** 2) for centre in centres]
    return [_PRIOR_WEIGHT * weight / sum(weights) for weight in weights]


_PRIOR = _prior()
_PRIOR_BELOW = [0.0, *accumulate(_PRIOR)]


class Ratios:
    """Observed / predicted, each observation weighing half of one `half_life` observations later.

    Args:
        half_life: In observations.
    """

    __slots__ = ("_bins", "_cumulative", "_growth", "_known", "_unit")

    def __init__(self, half_life: float = 200.0) -> None:
        self._bins = [0.0] * _BINS
        self._growth = 2.0 ** (1.0 / half_life)
        self._unit = 1.0  # what the newest observation weighs; growing it is forgetting the others
        self._cumulative: list[float] | None = None
        self._known: dict[float, float] = {}

    def add(self, ratio: float) -> None:
        """Note one observation, > 0."""
        self._unit *= self._growth
        if self._unit > _LARGEST:
            self._bins = [value / self._unit for value in self._bins]
            self._unit = 1.0
        self._bins[_bin(ratio)] += self._unit
        self._cumulative = None

    def forget(self, kept: float) -> None:
        """Let all that was seen so far weigh only this share, 0..1."""
        self._bins = [value * kept for value in self._bins]
        self._cumulative = None

    def prepare(self) -> None:
        """Add up what was seen, so that whoever asks for chances next does not have to."""
        self._summed()

    def chance(self, ratio: float) -> float:
        """Chance that the next one is at most this."""
        if self._cumulative is not None or ratio <= 0:
            return self.chances((ratio,))
        # One alone does not need the sums of all bins, which change with every observation.
        bins, unit = self._bins, self._unit
        position = (math.log2(ratio) - _LOW) * _PER_OCTAVE
        if position >= _BINS:
            return 1.0
        if position <= 0:
            return 0.0
        whole = int(position)
        below = sum(bins[:whole]) / unit + _PRIOR_BELOW[whole]
        within = bins[whole] / unit + _PRIOR[whole]
        return (below + (position - whole) * within) / (sum(bins) / unit + _PRIOR_BELOW[-1])

    def chances(self, ratios: Iterable[float]) -> float:
        """The sum of the chances that the next one is at most each of these."""
        cumulative, log2, total = self._summed(), math.log2, 0.0
        for ratio in ratios:
            position = (log2(ratio) - _LOW) * _PER_OCTAVE if ratio > 0 else 0.0
            if position >= _BINS:
                total += cumulative[-1]
            elif position > 0:
                whole = int(position)
                low = cumulative[whole - 1] if whole else 0.0
                total += low + (position - whole) * (cumulative[whole] - low)
        return total / cumulative[-1]

    def quantile(self, chance: float) -> float:
        """What the next one is at most with this chance, 0..1."""
        cumulative = self._summed()
        if chance not in self._known:
            self._known[chance] = self._quantile(chance, cumulative)
        return self._known[chance]

    def _quantile(self, chance: float, cumulative: list[float]) -> float:
        aim = chance * cumulative[-1]
        low = 0.0
        for i, high in enumerate(cumulative):
            if high >= aim:
                part = (aim - low) / (high - low) if high > low else 0.0
                return float(2.0 ** (_LOW + (i + part) / _PER_OCTAVE))
            low = high
        return float(2.0**_HIGH)

    def _summed(self) -> list[float]:
        if self._cumulative is None:
            unit = self._unit
            both = (value / unit + prior for value, prior in zip(self._bins, _PRIOR, strict=True))
            self._cumulative = list(accumulate(both))
            self._known = {}
        return self._cumulative


def _bin(ratio: float) -> int:
    if ratio <= 0:
        return 0
    return min(_BINS - 1, max(0, int((math.log2(ratio) - _LOW) * _PER_OCTAVE)))
