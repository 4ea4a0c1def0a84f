"""The second request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from scripted import EVENTS, Said, Scripted, call, gone, read

from sparing.core.upstream import served_by
from sparing.errors import UpstreamUnreachable
from sparing.generate.hedge import Hedged

QUICK = 25  # answers that come at once, so that there is a percentile


def slow(seconds: float = 30.0) -> tuple[Said, Callable[[], Awaitable[object]]]:
    async def wait() -> None:
        await asyncio.sleep(seconds)

    return Said(200, EVENTS, (wait, b"slow")), wait


async def warmed(script: list[object], share: float = 1.0) -> tuple[Hedged, Scripted]:
    upstream = Scripted([*(Said() for _ in range(QUICK)), *script])  # type: ignore[list-item]
    hedged = Hedged(upstream, share)
    for _ in range(QUICK):
        await read(await hedged.send(call()))
    return hedged, upstream


async def test_the_faster_answer_is_taken_and_the_slower_cancelled() -> None:
    """Ten times slower than ever is slow enough."""
    stuck, _ = slow()
    hedged, upstream = await warmed([stuck, Said(200, EVENTS, (b"quick",))])
    answer = await asyncio.wait_for(hedged.send(call()), 5)
    assert await read(answer) == b"quick"
    assert served_by(answer).tries == 2
    assert stuck.closed
    assert len(upstream.calls) == QUICK + 2


async def test_a_second_that_fails_does_not_harm_the_first() -> None:
    """The first is waited for."""
    late, _ = slow(0.2)
    hedged, _ = await warmed([late, gone()])
    assert await read(await asyncio.wait_for(hedged.send(call()), 5)) == b"slow"


async def test_when_both_fail_the_failure_is_told() -> None:
    """As if there had been one."""

    async def late() -> Said:
        await asyncio.sleep(0.1)
        raise gone()

    hedged, _ = await warmed([late, gone()])
    with pytest.raises(UpstreamUnreachable):
        await asyncio.wait_for(hedged.send(call()), 5)


async def test_second_requests_are_bounded() -> None:
    """When everything becomes slow the upstream does not get twice the load."""
    num = 40

    async def late() -> Said:
        await asyncio.sleep(0.05)
        return Said()

    hedged, upstream = await warmed([late], share=0.05)
    await asyncio.gather(*(hedged.send(call()) for _ in range(num)))
    assert len(upstream.calls) <= QUICK + num + 0.05 * (QUICK + num)


async def test_nothing_is_hedged_before_the_tail_is_known() -> None:
    """Nor what may not be repeated."""
    upstream = Scripted([Said()])
    hedged = Hedged(upstream, 1.0)
    await hedged.send(call())
    assert len(upstream.calls) == 1
    late, _ = slow(0.05)
    hedged, upstream = await warmed([late])
    await hedged.send(call(path="/v1/batches"))
    assert len(upstream.calls) == QUICK + 1


async def test_a_caller_that_hangs_up_cancels_both() -> None:
    """No request goes on for nobody."""
    first, second = slow()[0], slow()[0]
    hedged, upstream = await warmed([first, second])
    task = asyncio.create_task(hedged.send(call()))
    while len(upstream.calls) < QUICK + 2:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert first.closed
    assert second.closed


class Limited:
    """What a request may take beside its answer: so many calls."""

    def __init__(self, calls: int) -> None:
        self.calls, self.num_lost = calls, 0

    async def more(self, calls: int = 1, added_bytes: int = 0) -> bool:
        self.calls -= calls
        return self.calls >= 0

    def lost(self) -> None:
        self.num_lost += 1


async def test_a_second_request_is_made_where_its_tokens_can_be_set_aside() -> None:
    """And the slower of two, of whose cost nobody tells, is counted; otherwise the first is waited for."""
    for calls, said, num_lost in ((1, b"quick", 1), (0, b"slow", 0)):
        late, _ = slow(0.2)
        hedged, upstream = await warmed([late, Said(200, EVENTS, (b"quick",))])
        allowance = Limited(calls)
        assert await read(await asyncio.wait_for(hedged.send(call(allowance=allowance)), 5)) == said
        assert allowance.num_lost == num_lost
        assert len(upstream.calls) == QUICK + 1 + calls
