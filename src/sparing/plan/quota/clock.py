"""Unix time that no jump of the wall clock moves."""

from __future__ import annotations

import time
from collections.abc import Callable


def _steady_s() -> float:
    """Seconds since the machine was started, its sleep included where the platform counts it."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Clock:
    """The wall clock as it was when the process began, carried on by the machine's steady clock.

    Between processes, which may have begun before and after a jump, the one that is ahead is followed: time never runs
    backwards for any of them, and never stands still.
    """

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = _steady_s) -> None:
        self._steady = steady
        self._offset_s = wall() - steady()

    def now_s(self) -> float:
        return self._steady() + self._offset_s

    def follow(self, other_s: float) -> float:
        """Now, and not before `other_s`, the time that another process has seen."""
        now_s = self.now_s()
        if other_s > now_s:
            self._offset_s += other_s - now_s
            return other_s
        return now_s
