"""A progress bar on stderr when it is a terminal; silence otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a long run reports: `step` after each sample, `show` when something else begins."""

    step: Callable[[], None]
    show: Callable[[str], None]


@contextmanager
def track(title: str, total: int) -> Iterator[Progress]:
    """Show progress towards `total` steps while the block runs."""
    if not sys.stderr.isatty():
        yield Progress(lambda: None, lambda _what: None)
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield Progress(lambda: bar.advance(task), lambda what: bar.update(task, description=f"{title}: {what}"))
