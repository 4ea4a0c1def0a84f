"""Records go to disk from a thread of their own, in batches; no request ever waits for it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from sparing.core.receipt import Receipt
from sparing.core.retrieval import Retrieval
from sparing.errors import RecordError
from sparing.record.retrievals import RetrievalLog
from sparing.record.store import ReceiptStore

Row = TypeVar("Row")
RowIn = TypeVar("RowIn", contravariant=True)

log = logging.getLogger("sparing.record")

_DAY_S = 86_400.0


class Rows(Protocol[RowIn]):
    """Where they are written."""

    def add(self, rows: Iterable[RowIn], /) -> None: ...

    def newest_s(self) -> float: ...

    def purge(self, older_than_s: float) -> int: ...

    def close(self) -> None: ...


class Writer(Generic[Row]):
    """Queues rows and writes them a little later.

    Fails open: when the disk does, rows are counted in `failed` and forgotten, and the first failure of several in
    sequence is logged. When more come than can be written, the newest are counted in `dropped`.

    Args:
        path: The SQLite file; opened by the thread, so that a bad path costs rows, not the gateway.
        open_rows: Opens it.
        noun: What the rows are, in the log.
        keep_days: Older rows are deleted, at the start and once a day; none by a clock that makes the newest of them
            too old: it may be wrong, and the rows of the day tell by the next.
        max_queued: Rows that may wait.
        interval_s: How long the thread sleeps between batches. Nothing wakes it earlier but `flush` and `close`: a
            wake-up per request would cost the event loop more than the writing does.
    """

    def __init__(
        self,
        path: Path,
        open_rows: Callable[[Path], Rows[Row]],
        noun: str,
        *,
        keep_days: int = 90,
        max_queued: int = 20_000,
        interval_s: float = 0.25,
    ) -> None:
        self.path = path
        self._open_rows = open_rows
        self._noun = noun
        self.dropped = 0
        self.failed = 0
        self._keep_s = keep_days * _DAY_S
        self._max_queued = max_queued
        self._interval_s = interval_s
        self._queue: deque[Row] = deque()
        self._wake = threading.Event()
        self._written = threading.Condition()
        self._num_taken = 0  # rows ever queued
        self._num_done = 0  # of these, written or given up
        self._closing = False
        self._healthy = True
        self._begun_s = time.time() - time.monotonic()  # no later jump of the wall clock counts
        self._store: Rows[Row] | None = None
        self._purged_s = float("-inf")
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start writing; what was recorded before is kept. May be called again after `close`."""
        if self._thread is None:
            self._closing = False
            self._thread = threading.Thread(target=self._run, name=f"sparing-{self._noun}", daemon=True)
            self._thread.start()

    def record(self, row: Row) -> None:
        """Queue a row. Call from one thread; takes no lock and never raises."""
        if len(self._queue) >= self._max_queued:
            self.dropped += 1
            return
        self._num_taken += 1
        self._queue.append(row)

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Wait until what was recorded so far is on disk or given up; False when that took too long."""
        target = self._num_taken
        self._wake.set()
        with self._written:
            return self._written.wait_for(lambda: self._num_done >= target, timeout_s)

    def close(self) -> None:
        """Write what is queued and stop."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._closing = True
        self._wake.set()
        thread.join()

    def _run(self) -> None:
        while True:
            closing = self._closing  # read before the batch is taken, so that the last batch is complete
            self._write_batch()
            if closing:
                break
            self._wake.wait(self._interval_s)
            self._wake.clear()
        if self._store is not None:
            self._store.close()
            self._store = None

    def _write_batch(self) -> None:
        batch = [self._queue.popleft() for _ in range(len(self._queue))]
        try:
            store = self._opened()
            oldest_s = self._oldest_s(store)  # before there are rows of the clock that is in question
            if batch:
                store.add(batch)
            if oldest_s is not None:
                store.purge(oldest_s)
            self._healthy = True
        except RecordError as error:  # the seam where recording fails open
            self.failed += len(batch)
            if self._healthy:
                log.error("%s are not being written: %s", self._noun, error)  # noqa: TRY400 - the words suffice
            self._healthy = False
        with self._written:
            self._num_done += len(batch)
            self._written.notify_all()

    def _opened(self) -> Rows[Row]:
        if self._store is None:
            self._store = self._open_rows(self.path)
        return self._store

    def _oldest_s(self, store: Rows[Row]) -> float | None:
        """Once a day: what was made before goes (Unix time); None where nothing has to."""
        if time.monotonic() - self._purged_s <= _DAY_S:
            return None
        self._purged_s = time.monotonic()
        oldest_s = self._begun_s + time.monotonic() - self._keep_s
        return oldest_s if store.newest_s() >= oldest_s else None


class Recorder(Writer[Receipt]):
    """Writes receipts."""

    def __init__(self, path: Path, *, keep_days: int = 90, max_queued: int = 20_000, interval_s: float = 0.25) -> None:
        super().__init__(
            path, ReceiptStore, "receipts", keep_days=keep_days, max_queued=max_queued, interval_s=interval_s
        )


class RetrievalWriter(Writer[Retrieval]):
    """Writes what was fetched for whom."""

    def __init__(self, path: Path, *, keep_days: int = 90) -> None:
        super().__init__(path, RetrievalLog, "retrievals", keep_days=keep_days)
