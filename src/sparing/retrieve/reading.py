"""Sources read and cut, in order: in this process, or in several where there is enough to do."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context

from sparing.core.passage import Document
from sparing.errors import SettingsError, SourceBinary, SourceUnreadable
from sparing.retrieve.read.document import bytes_of, digest_of, document_of, labels_in
from sparing.retrieve.walk import Left

_WORTH_A_PROCESS_BYTES = 8_000_000  # below, starting one takes longer than the work
_AHEAD = 4  # batches per process that are read before they are wanted: bounds the memory
_BATCH_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Job:
    """A source to read.

    Attributes:
        name: Of the file, or the last part of an address.
        path: Of the file; "" where `data` is at hand.
        named: Whether it was asked for by its own name, and not found in a folder.
    """

    source: str
    name: str
    path: str = ""
    data: bytes | None = None
    size_bytes: int = 0
    named: bool = False


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A source that the store has as it is."""

    source: str


@dataclass(frozen=True, slots=True)
class _Task:
    job: Job
    known: str
    labels: frozenset[str]
    made_for: str


Result = Document | Unchanged | Left


def worked(
    jobs: Sequence[Job], known: Mapping[str, str], labels: frozenset[str] | None, made_for: str, processes: int
) -> Iterator[Result]:
    """One result per job, in order.

    Args:
        known: Source -> digest of what a store has.
        labels: None: those that it has in the store.
    """
    tasks = [_Task(job, known.get(job.source, ""), _labels(job, known, labels), made_for) for job in jobs]
    batches = list(_batches(tasks))
    if processes > 1 and len(batches) > 1 and sum(job.size_bytes for job in jobs) > _WORTH_A_PROCESS_BYTES:
        yield from _in_processes(batches, min(processes, len(batches)))
    else:
        yield from map(_work, tasks)


def _labels(job: Job, known: Mapping[str, str], labels: frozenset[str] | None) -> frozenset[str]:
    return labels_in(known.get(job.source, "")) if labels is None else labels


def _batches(tasks: Sequence[_Task]) -> Iterator[list[_Task]]:
    batch: list[_Task] = []
    size = 0
    for task in tasks:
        batch.append(task)
        size += task.job.size_bytes
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _in_processes(batches: Sequence[list[_Task]], processes: int) -> Iterator[Result]:
    """Results of all batches; a source that takes its process down fails alone, the others are read again."""
    waiting = deque(batches)
    while waiting:
        broken: list[list[_Task]] = []
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            running: deque[tuple[list[_Task], Future[list[Result]]]] = deque()
            while waiting or running:
                while waiting and len(running) < _AHEAD * processes:
                    batch = waiting.popleft()
                    running.append((batch, pool.submit(_work_all, batch)))
                batch, future = running.popleft()
                try:
                    yield from future.result()
                except BrokenProcessPool:
                    broken = [batch, *(later for later, _ in running)]
                    break
        if broken:
            yield from _one_by_one(broken.pop(0))
            waiting.extendleft(reversed(broken))


def _one_by_one(batch: Sequence[_Task]) -> Iterator[Result]:
    """Each in a process of its own, which it may take down."""
    for task in batch:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            try:
                yield pool.submit(_work, task).result()
            except BrokenProcessPool:
                yield Left(task.job.source, "its reader crashed: broken, or too large for the memory", failed=True)


def _work_all(tasks: Sequence[_Task]) -> list[Result]:
    return list(map(_work, tasks))


def _work(task: _Task) -> Result:
    job = task.job
    try:
        data = bytes_of(job.path) if job.data is None else job.data
        digest = digest_of(data, job.name, task.labels, task.made_for)
        if digest == task.known:
            return Unchanged(job.source)
        return document_of(data, job.name, job.source, task.labels, digest)
    except SourceBinary:
        return Left(job.source, "binary", failed=job.named)
    except (SourceUnreadable, SettingsError) as error:
        return Left(job.source, str(error), failed=True)
    except Exception as error:  # one source that trips a library must not end the others
        return Left(job.source, f"cannot be read: {type(error).__name__}: {error}", failed=True)
