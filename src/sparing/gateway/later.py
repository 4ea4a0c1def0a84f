"""What is learned from answers, a few at a time and when no request waits for it.

Work done together finds its code and its data in the processor's caches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_WITHIN_S = 0.1
_AT_ONCE = 16  # so that a burst is learned from in several short pauses

Work = Callable[[], None]


class Later:
    """Does work soon, in the order in which it was given; at once where no event loop runs."""

    def __init__(self) -> None:
        self._waiting: list[Work] = []
        self._due: asyncio.Handle | None = None

    def __call__(self, work: Work) -> None:
        """Have it done."""
        self._waiting.append(work)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._do()
            return
        if self._due is None:
            self._due = loop.call_later(_WITHIN_S, self._do)
        elif len(self._waiting) == _AT_ONCE:
            self._due.cancel()
            self._due = loop.call_soon(self._do)

    def _do(self) -> None:
        self._due, waiting, self._waiting = None, self._waiting, []
        for work in waiting:
            work()
