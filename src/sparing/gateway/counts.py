"""Quotas without holding up the event loop: a file is asked in a thread of its own, one request after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from sparing.errors import QuotaUnavailable
from sparing.gateway.stopwatch import Stopwatch
from sparing.plan.quota.memory import MemoryQuota
from sparing.plan.quota.store import Ask, Granted, Pressure, QuotaStore, Refused, Reservation, Scope

log = logging.getLogger("sparing.gateway")


class Counts:
    """What the gateway asks of a `QuotaStore`."""

    def __init__(self, store: QuotaStore) -> None:
        self._store = store
        waits = not isinstance(store, MemoryQuota)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sparing-quota") if waits else None

    async def reserve(self, scopes: Sequence[Scope], ask: Ask, cpu: Stopwatch) -> Granted | Refused:
        """See `QuotaStore.reserve`. A caller that stops waiting for it keeps nothing.

        Args:
            cpu: Runs while the store works on it.
        """
        if self._thread is None:
            return cpu.run(self._store.reserve, scopes, ask)
        asked = self._thread.submit(cpu.run, self._store.reserve, scopes, ask)
        try:
            return await asyncio.shield(asyncio.wrap_future(asked))
        except asyncio.CancelledError:
            asked.add_done_callback(self._undo)
            raise

    def pressure(self, scopes: Sequence[Scope], ask: Ask) -> Pressure:
        """See `QuotaStore.pressure`; a look at what is there, which takes less time than handing it to a thread."""
        return self._store.pressure(scopes, ask)

    def settle(self, reservation: Reservation, tokens: int, nusd: int) -> None:
        """See `QuotaStore.settle`. Never waits and never raises: what cannot be settled stays set aside."""
        self._do(lambda: self._store.settle(reservation, tokens, nusd))

    def close(self) -> None:
        """Settle what was said to be settled, and leave."""
        self._do(self._store.close)
        if self._thread is not None:
            self._thread.shutdown(wait=True)

    def _undo(self, asked: Future[Granted | Refused]) -> None:
        if not asked.cancelled() and asked.exception() is None and isinstance(granted := asked.result(), Granted):
            self.settle(granted.reservation, 0, 0)

    def _do(self, act: Callable[[], None]) -> None:
        def logged() -> None:
            try:
                act()
            except QuotaUnavailable as error:
                log.error("%s", error)  # noqa: TRY400 - the words suffice

        if self._thread is None:
            logged()
            return
        with suppress(RuntimeError):  # the gateway has left; its last word was that nothing of it is open any more
            self._thread.submit(logged)
