"""What is left out of requests goes to the store from a thread of its own; no request ever waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from operator import methodcaller
from queue import Empty, SimpleQueue

from sparing.errors import RecordError
from sparing.record.elided import SqliteElided

log = logging.getLogger("sparing.record")

_MOST_QUEUED_CHARS = 64_000_000
_PURGE_S = 3600.0


class ElidedWriter:
    """Queues texts and stores them a little later; looks them up from any thread.

    Fails open: what the disk does not take is counted in `failed`, what comes too fast in `dropped`; it can then not be
    asked for once the client has cut it from its history, and until then it needs no store.

    Args:
        open_store: Opens the store; called in the thread that uses it.
    """

    def __init__(self, open_store: Callable[[], SqliteElided]) -> None:
        self.dropped = 0
        self.failed = 0
        self._open = open_store
        self._queue: SimpleQueue[tuple[str, tuple[str, ...]] | None] = SimpleQueue()
        self._queued_chars = 0
        self._counting = threading.Lock()
        self._healthy = True
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sparing-elided", daemon=True)
            self._thread.start()

    def put(self, tenant: str, texts: tuple[str, ...]) -> None:
        """Queue texts. Never waits and never raises."""
        size = sum(map(len, texts))
        with self._counting:
            if self._queued_chars + size > _MOST_QUEUED_CHARS:
                self.dropped += len(texts)
                return
            self._queued_chars += size
        self._queue.put((tenant, texts))

    def get(self, tenant: str, handle: str) -> str | None:
        """See `record.elided.ElidedStore.get`. A store that cannot be read holds nothing."""
        try:
            with self._open() as store:
                return store.get(tenant, handle)
        except RecordError as error:
            log.error("what was left out cannot be looked up: %s", error)  # noqa: TRY400 - the words suffice
            return None

    def close(self) -> None:
        """Store what is queued and stop."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join()

    def _run(self) -> None:
        self._store(methodcaller("purge"))
        while True:
            try:
                item = self._queue.get(timeout=_PURGE_S)
            except Empty:
                self._store(methodcaller("purge"))
                continue
            if item is None:
                return
            tenant, texts = item
            if not self._store(methodcaller("put", tenant, texts)):
                self.failed += len(texts)
            with self._counting:
                self._queued_chars -= sum(map(len, texts))

    def _store(self, do: Callable[[SqliteElided], object]) -> bool:
        try:
            with self._open() as store:
                do(store)
        except RecordError as error:  # the seam where recording fails open
            if self._healthy:
                log.error("what is left out is not being kept: %s", error)  # noqa: TRY400 - the words suffice
            self._healthy = False
            return False
        self._healthy = True
        return True
