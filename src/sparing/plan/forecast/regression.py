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
        scale = 1.0 / max(predicted, _SMALLEST)
        scaled = [scale * x for x in features]
        covariance = self._covariance
        gained = [sum(c * x for c, x in zip(row, scaled, strict=True)) for row in covariance]
        spread = _FORGETTING + sum(g * x for g, x in zip(gained, scaled, strict=True))
        error = min(3.0, max(-3.0, scale * (value - predicted)))  # one outlier must not turn the line around
        for i, gain in enumerate(gained):
            self.weights[i] = max(0.0, self.weights[i] + gain * error / spread)
        for row, gain in zip(covariance, gained, strict=True):
            for j, other in enumerate(gained):
                row[j] = (row[j] - gain * other / spread) / _FORGETTING
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
