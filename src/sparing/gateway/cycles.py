"""Searching for cycles without holding up a stream.

A search stops everything, and takes the longer the more objects it looks at: with thousands of open streams a tenth of
a second and more. Counting references frees nearly all that a request makes; the search is for the rest, and that can
wait.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final

_YOUNG: Final = 2_000  # objects that one search looks at: a millisecond or so
_OLDER: Final = 1_000_000  # of the older generations there is nothing to search
_LEAST_WAIT_S, _MOST_WAIT_S = 10.0, 300.0


class Cycles:
    """While entered: every object is looked at once, when it is young; what is still used then is set aside.

    What is set aside is searched as a whole at a moment when no request is open, at the latest after five minutes.

    Args:
        clock: Monotonic, seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._aside = False

    def __enter__(self) -> Cycles:
        self._thresholds, self._searched_s = gc.get_threshold(), self._clock()
        gc.freeze()  # what is loaded by now stays
        gc.set_threshold(_YOUNG, _OLDER, _OLDER)
        gc.callbacks.append(self._searched)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        gc.callbacks.remove(self._searched)
        gc.set_threshold(*self._thresholds)
        gc.unfreeze()

    def tick(self, num_open: int) -> None:
        """Search what was set aside, if now is the time.

        Args:
            num_open: Requests that would wait for it.
        """
        waited_s = self._clock() - self._searched_s
        if not self._aside or waited_s < (_MOST_WAIT_S if num_open else _LEAST_WAIT_S):
            return
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._aside, self._searched_s = False, self._clock()

    def _searched(self, phase: str, _info: Mapping[str, int]) -> None:
        if phase == "stop":
            gc.freeze()
            self._aside = True
