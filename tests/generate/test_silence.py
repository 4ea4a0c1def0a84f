"""A silence that lasts too long is told once; a reader who takes its time is no silence."""

from __future__ import annotations

import asyncio

from sparing.generate.silence import Silence

MOST_S = 0.05


async def test_a_wait_that_lasts_is_told() -> None:
    """Once, and not before it has lasted."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    begun_s = loop.time()
    with Silence(MOST_S, told.set):
        await told.wait()
    assert loop.time() - begun_s >= MOST_S


async def test_what_is_no_wait_does_not_count() -> None:
    """Whoever takes a piece may take as long as it likes; then the wait begins anew."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    with Silence(MOST_S, told.set) as silence:
        silence.ends()
        await asyncio.sleep(3 * MOST_S)
        assert not told.is_set()
        begun_s = loop.time()
        silence.begins()
        await told.wait()
    assert loop.time() - begun_s >= MOST_S


async def test_nothing_is_told_once_it_is_over() -> None:
    """The timer goes with it."""
    told = asyncio.Event()
    with Silence(MOST_S, told.set):
        pass
    await asyncio.sleep(3 * MOST_S)
    assert not told.is_set()
