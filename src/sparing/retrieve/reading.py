"""Sources read and cut, in order: in this process, or in several where there is enough to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sparing.core.passage import Document
from sparing.errors import SettingsError, SourceBinary, SourceUnreadable
from sparing.reducers.language import extension
from sparing.retrieve.processes import in_processes
from sparing.retrieve.read.document import bytes_of, digest_of, document_of, labels_in
from sparing.retrieve.walk import Left

# Plain text is read four times as fast as a store takes it in, and to hand it over costs as much: no work for others.
_SLOW_FORMATS = frozenset({"pdf", "docx"})
_WORTH_PROCESSES_BYTES = 1_000_000
_BATCH_BYTES = 100_000


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
    if processes > 1 and _is_much(tasks):
        tasks = [task for task in tasks if not _is_known(task)]  # a look is cheaper than the way to a process
        if _is_much(tasks):
            batches = list(_batches(tasks))
            yield from _with_known(jobs, in_processes(batches, _work, _crashed, min(processes, len(batches))))
        else:
            yield from _with_known(jobs, map(_work, tasks))
    else:
        yield from map(_work, tasks)


def _with_known(jobs: Sequence[Job], results: Iterator[Result]) -> Iterator[Result]:
    """The results of the jobs that were worked on, and the others as unchanged, in order."""
    following = next(results, None)
    for job in jobs:
        if following is not None and following.source == job.source:
            yield following
            following = next(results, None)
        else:
            yield Unchanged(job.source)


def _labels(job: Job, known: Mapping[str, str], labels: frozenset[str] | None) -> frozenset[str]:
    return labels_in(known.get(job.source, "")) if labels is None else labels


def _is_much(tasks: Sequence[_Task]) -> bool:
    return len(tasks) > 1 and sum(_slow_bytes(task) for task in tasks) > _WORTH_PROCESSES_BYTES


def _slow_bytes(task: _Task) -> int:
    return task.job.size_bytes if extension(task.job.name) in _SLOW_FORMATS else 0


def _is_known(task: _Task) -> bool:
    """Whether the store has it as it is; what cannot be told by looking is looked at again by whoever reads it."""
    if not task.known:
        return False
    try:
        data = bytes_of(task.job.path) if task.job.data is None else task.job.data
    except SourceUnreadable:
        return False
    return digest_of(data, task.job.name, task.labels, task.made_for) == task.known


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


def _crashed(task: _Task) -> Result:
    return Left(task.job.source, "its reader crashed: broken, or too large for the memory", failed=True)


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
