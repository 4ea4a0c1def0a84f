"""How long an answer may be silent: one timer for the whole of it, not one for each of its pieces.

A timer that is set anew for every event of thousands of streams costs more than reading the event's text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType


class Silence:
    """Within ``with Silence(...)``: tells once, when a wait has lasted too long. What is no wait does not count.

    Args:
        most_s: Longest wait.
        tell: Called then.
    """

    __slots__ = ("_due", "_loop", "_most_s", "_since_s", "_tell")

    def __init__(self, most_s: float, tell: Callable[[], None]) -> None:
        self._most_s, self._tell = most_s, tell
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Silence:
        self.begins()
        self._due = self._loop.call_later(self._most_s, self._look)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._due.cancel()

    def begins(self) -> None:
        """A wait begins."""
        self._since_s: float | None = self._loop.time()

    def ends(self) -> None:
        """There was something."""
        self._since_s = None

    def _look(self) -> None:
        lasted_s = 0.0 if self._since_s is None else self._loop.time() - self._since_s
        if lasted_s < self._most_s:
            self._due = self._loop.call_later(self._most_s - lasted_s, self._look)
        else:
            self._tell()
