"""CPU of the threads that work on one thing; what else they do in between does not count."""

from __future__ import annotations

from collections.abc import Callable
from time import thread_time_ns
from types import TracebackType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Stopwatch:
    """Runs within ``with stopwatch:``, and within what it is told to run. No await may stand within the block.

    Attributes:
        ns: CPU so far.
    """

    __slots__ = ("_begun_ns", "ns")

    def __init__(self) -> None:
        self.ns = 0

    def __enter__(self) -> None:
        self._begun_ns = thread_time_ns()

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.ns += thread_time_ns() - self._begun_ns

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something in whichever thread this is called."""
        begun_ns = thread_time_ns()
        try:
            return work(*args, **kwargs)
        finally:
            self.ns += thread_time_ns() - begun_ns
