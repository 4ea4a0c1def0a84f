"""A bar on stderr when work takes long and somebody is looking."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PATIENCE_S = 0.4  # most work is done before anyone would want a bar

Report = Callable[[int, int], None]


@contextmanager
def busy(label: str) -> Iterator[None]:
    """A moving bar with the time gone by, for work that cannot say how far it is. Gone when the work is done."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_pulse, args=(label, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def bar(label: str, *, unit_bytes: bool = False) -> Iterator[Report]:
    """A bar that is told (done, total); does nothing when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from sparing.cli.output import console

    amount = DownloadColumn() if unit_bytes else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), amount, TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total or None)


def _pulse(label: str, done: threading.Event) -> None:
    if done.wait(_PATIENCE_S):
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from sparing.cli.output import console

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        progress.add_task(label, total=None)
        done.wait()
