"""Work spread over processes, its results in order; an item that takes its process down fails alone."""

from __future__ import annotations

import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 4  # batches per process that are done before they are wanted: bounds the memory


def in_processes(
    batches: Sequence[Sequence[T]], work: Callable[[T], R], crashed: Callable[[T], R], processes: int
) -> Iterator[R]:
    """What `work` says of each item; where its process ends meanwhile, what `crashed` says.

    Args:
        batches: Items that go to a process together. When one dies, the first batch that has no result is done again
            item by item; then those after it, together again.
    """
    waiting = deque(batches)
    while waiting:
        yield from _until_broken(waiting, work, processes)
        if waiting:
            yield from _one_by_one(waiting.popleft(), work, crashed)


def _until_broken(waiting: deque[Sequence[T]], work: Callable[[T], R], processes: int) -> Iterator[R]:
    """Take batches from the left while all goes well; those that have no result yet are left in `waiting`."""
    running: deque[tuple[Sequence[T], Future[list[R]]]] = deque()
    with _pool(processes) as pool:
        try:
            while waiting or running:
                while waiting and len(running) < _AHEAD * processes:
                    running.append((waiting[0], _submitted(pool, work, waiting[0])))
                    waiting.popleft()
                yield from running[0][1].result()
                running.popleft()
        except BrokenProcessPool:
            waiting.extendleft(batch for batch, _ in reversed(running))


def _one_by_one(items: Sequence[T], work: Callable[[T], R], crashed: Callable[[T], R]) -> Iterator[R]:
    """So that it is known which of them it was."""
    left = deque(items)
    while left:
        with _pool(1) as pool:
            try:
                while left:
                    yield _submitted(pool, work, [left[0]]).result()[0]
                    left.popleft()
            except BrokenProcessPool:
                yield crashed(left.popleft())


def _submitted(pool: ProcessPoolExecutor, work: Callable[[T], R], batch: Sequence[T]) -> Future[list[R]]:
    with _uninterrupted():
        return pool.submit(_work_all, work, batch)


def _work_all(work: Callable[[T], R], batch: Sequence[T]) -> list[R]:
    return [work(item) for item in batch]


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that begin anew: what this one has loaded may not survive a fork. Nothing is begun once it is left."""
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C reaches this process, which then ends the others; one that is started here does not see it."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
