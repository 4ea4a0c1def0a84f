"""Quotas in a file, asked from the event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence

import pytest
from raw_client import wait_until

from sparing.errors import QuotaUnavailable
from sparing.gateway.counts import Counts
from sparing.gateway.stopwatch import Stopwatch
from sparing.plan.quota.store import Ask, Bounds, Granted, Levels, Pressure, Reservation, Scope

SCOPES = (Scope("tenant acme", Bounds(streams=1)),)


class SlowStore:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.may = threading.Event()
        self.settled: list[tuple[int, int]] = []
        self.fails = False
        self.closed = False

    def reserve(self, scopes: Sequence[Scope], ask: Ask) -> Granted:
        self.asked.set()
        assert self.may.wait(10)
        return Granted(Reservation(7, (), 0, 1, 1, 0, 0), Levels())

    def settle(self, reservation: Reservation, tokens: int, nusd: int) -> None:
        if self.fails:
            raise QuotaUnavailable("the disk is full")
        self.settled.append((reservation.id, tokens))

    def pressure(self, scopes: Sequence[Scope], ask: Ask) -> Pressure:
        return Pressure(0.5, "x")

    def close(self) -> None:
        self.closed = True


async def test_a_slow_file_holds_up_nobody() -> None:
    """The event loop goes on while the file is asked."""
    store = SlowStore()
    counts = Counts(store)
    asked = asyncio.create_task(counts.reserve(SCOPES, Ask(), Stopwatch()))
    assert await asyncio.to_thread(store.asked.wait, 10)
    assert not asked.done()
    store.may.set()
    assert isinstance(await asked, Granted)
    counts.close()


async def test_who_stops_waiting_keeps_nothing() -> None:
    """What is granted to a caller that has gone is given back."""
    store = SlowStore()
    counts = Counts(store)
    asked = asyncio.create_task(counts.reserve(SCOPES, Ask(), Stopwatch()))
    assert await asyncio.to_thread(store.asked.wait, 10)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    store.may.set()
    await asyncio.to_thread(wait_until, lambda: store.settled == [(7, 0)])
    counts.close()
    assert store.closed


def test_what_cannot_be_settled_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """No answer is broken by it."""
    store = SlowStore()
    store.fails = True
    counts = Counts(store)
    with caplog.at_level(logging.ERROR, "sparing.gateway"):
        counts.settle(Reservation(7, (), 0, 1, 1, 0, 0), 1, 1)
        counts.close()
    assert "the disk is full" in caplog.text


def test_after_closing_nothing_is_asked() -> None:
    """An answer that ends later is let go: the store has settled for it."""
    store = SlowStore()
    counts = Counts(store)
    counts.close()
    counts.settle(Reservation(7, (), 0, 1, 1, 0, 0), 1, 1)
    assert store.settled == []
