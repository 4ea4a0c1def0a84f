"""A process whose wall clock jumps: ``python -m sparing.evals.load.jumping_clock serve ...`` is ``sparing serve ...``.

`time.time` is what jumps, by up to a year either way. The steady clock does not, as it does not where a clock is set.
"""

from __future__ import annotations

import random
import runpy
import sys
import time
from typing import Final

EVERY_S: Final = 3.0
_JUMPS_S: Final = (60.0, 3_600.0, 86_400.0, 31_536_000.0)


class _Clock:
    def __init__(self) -> None:
        self._true = time.time
        self._offset_s = 0.0
        self._next_s = time.monotonic() + EVERY_S
        self._draw = random.Random(1)

    def __call__(self) -> float:
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + EVERY_S
            self._offset_s = self._draw.choice((-1, 0, 1)) * self._draw.choice(_JUMPS_S)
        return self._true() + self._offset_s


if __name__ == "__main__":
    time.time = _Clock()
    sys.argv[0] = "sparing"
    runpy.run_module("sparing", run_name="__main__", alter_sys=False)
