"""Receipts go to disk from a thread of their own, in batches; no request ever waits for it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from pathlib import Path

from sparing.core.receipt import Receipt
from sparing.errors import RecordError
from sparing.record.store import ReceiptStore

log = logging.getLogger("sparing.record")

_DAY_S = 86_400.0


class Recorder:
    """Queues receipts and writes them a little later.

    Fails open: when the disk does, receipts are counted in `failed` and forgotten, and the first failure of a row is
    logged. When more come than can be written, the newest are counted in `dropped`.

    Args:
        path: The SQLite file; opened by the thread, so that a bad path costs receipts, not the gateway.
        keep_days: Older receipts are deleted, at the start and once a day.
        max_queued: Receipts that may wait.
        interval_s: How long the thread sleeps between batches. Nothing wakes it earlier but `flush` and `close`: a
            wake-up per request would cost the event loop more than the writing does.
    """

    def __init__(self, path: Path, *, keep_days: int = 90, max_queued: int = 20_000, interval_s: float = 0.25) -> None:
        self.path = path
        self.dropped = 0
        self.failed = 0
        self._keep_s = keep_days * _DAY_S
        self._max_queued = max_queued
        self._interval_s = interval_s
        self._queue: deque[Receipt] = deque()
        self._wake = threading.Event()
        self._written = threading.Condition()
        self._num_taken = 0  # receipts ever queued
        self._num_done = 0  # of these, written or given up
        self._closing = False
        self._healthy = True
        self._store: ReceiptStore | None = None
        self._purged_s = float("-inf")
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start writing; what was recorded before is kept. May be called again after `close`."""
        if self._thread is None:
            self._closing = False
            self._thread = threading.Thread(target=self._run, name="sparing-receipts", daemon=True)
            self._thread.start()

    def record(self, receipt: Receipt) -> None:
        """Queue a receipt. Call from one thread; takes no lock and never raises."""
        if len(self._queue) >= self._max_queued:
            self.dropped += 1
            return
        self._num_taken += 1
        self._queue.append(receipt)

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
            if batch:
                store.add(batch)
            self._purge_daily(store)
            self._healthy = True
        except RecordError as error:  # the seam where recording fails open
            self.failed += len(batch)
            if self._healthy:
                log.error("receipts are not being written: %s", error)  # noqa: TRY400 - the words suffice
            self._healthy = False
        with self._written:
            self._num_done += len(batch)
            self._written.notify_all()

    def _opened(self) -> ReceiptStore:
        if self._store is None:
            self._store = ReceiptStore(self.path)
        return self._store

    def _purge_daily(self, store: ReceiptStore) -> None:
        if time.monotonic() - self._purged_s > _DAY_S:
            store.purge(time.time() - self._keep_s)
            self._purged_s = time.monotonic()
