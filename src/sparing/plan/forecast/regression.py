"""A line through what was observed, one observation at a time: recursive least squares that forgets.

Haykin, "Adaptive filter theory", chapter 10, with exponential forgetting. Errors are weighed relative to the
prediction (a tenth of a second is much of one second and little of thirty), and no coefficient falls below 0: no
prompt is answered sooner because it is longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul

_FORGETTING = 0.995
_UNCERTAIN = 4.0  # variance of a starting coefficient, in squares of itself
_MOST_UNCERTAIN = 1e6
_SMALLEST = 1e-6


class Regression:
    """``y ~ sum(weights * features)``.

    Args:
        start: What the weights are believed to be before anything is seen, each > 0.
    """

    __slots__ = ("_covariance", "weights")

    def __init__(self, start: Sequence[float]) -> None:
        self.weights = list(start)
        self._covariance = _diagonal([_UNCERTAIN * weight * weight for weight in start])

    def predict(self, features: Sequence[float]) -> float:
        total: float = sum(map(mul, self.weights, features))
        return max(_SMALLEST, total)

    def observe(self, features: Sequence[float], value: float) -> None:
        """Move the weights towards one observation."""
        predicted = self.predict(features)
        scaled = [x / predicted for x in features]
        gained = [sum(map(mul, row, scaled)) for row in self._covariance]
        spread = _FORGETTING + sum(map(mul, gained, scaled))
        error = min(3.0, max(-3.0, (value - predicted) / predicted))  # one outlier must not turn the line around
        step = error / spread
        for i, gain in enumerate(gained):
            weight = self.weights[i] + gain * step
            self.weights[i] = weight if weight > 0.0 else 0.0
        for row, gain in zip(self._covariance, gained, strict=True):
            share = gain / spread
            row[:] = [(value - share * other) / _FORGETTING for value, other in zip(row, gained, strict=True)]
        self._bound()

    def doubt(self, factor: float) -> None:
        """Trust what was learned less: the next observations move the weights more."""
        self._covariance = [[factor * value for value in row] for row in self._covariance]
        self._bound()

    def _bound(self) -> None:
        """What is never observed (no cached tokens, say) would grow more uncertain forever."""
        covariance = self._covariance
        for i, row in enumerate(covariance):
            if not 0.0 < row[i] < _MOST_UNCERTAIN:
                diagonal = [min(_MOST_UNCERTAIN, max(r[j], 1e-12)) for j, r in enumerate(covariance)]
                self._covariance = _diagonal(diagonal)
                return


def _diagonal(values: Sequence[float]) -> list[list[float]]:
    return [[value if i == j else 0.0 for j in range(len(values))] for i, value in enumerate(values)]
