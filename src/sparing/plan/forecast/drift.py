"""Has the world changed? Two one-sided cumulative sums over how far off predictions are.

Page 1954, "Continuous inspection schemes". Each error counts in units of the usual spread, at most `_MOST` of them:
one stalled request is no change of the upstream.
"""

from __future__ import annotations

_SLACK = 0.5
_ALARM = 8.0  # for normal errors once in some 20,000 observations; a tenfold change is seen in about five
_MOST = 3.0


class Drift:
    """Feed it errors that are around 0 while nothing changes."""

    __slots__ = ("_down", "_scale", "_up", "num")

    def __init__(self, scale: float = 1.0) -> None:
        self._up = self._down = 0.0
        self._scale = scale
        self.num = 0

    def is_drift(self, error: float) -> bool:
        """Note one error; whether there have been too many to one side. The sums then start anew."""
        z = min(_MOST, max(-_MOST, error / self._scale))
        self._scale += 0.02 * (min(abs(error), 3 * self._scale) * 1.25 - self._scale)  # 1.25: sigma by mean deviation
        self._scale = max(self._scale, 0.05)
        self._up = max(0.0, self._up + z - _SLACK)
        self._down = max(0.0, self._down - z - _SLACK)
        if max(self._up, self._down) < _ALARM:
            return False
        self._up = self._down = 0.0
        self.num += 1
        return True
