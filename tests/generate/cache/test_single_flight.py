"""The same requests in flight are one call."""

from __future__ import annotations

import asyncio

import pytest
from counting_upstream import EVENTS, CountingUpstream, ScriptedAnswer, call, chat_answer, chat_body, chat_events, read

from sparing.errors import UpstreamUnreachable
from sparing.generate.cache.rules import Rules
from sparing.generate.cache.store import MemoryStore
from sparing.generate.cache.upstream import Cached

STREAM = chat_body(stream=True)


def cached(upstream: CountingUpstream, **rules: int) -> Cached:
    return Cached(upstream, MemoryStore(max_entries=100, max_bytes=1_000_000), Rules(**rules))  # type: ignore[arg-type]


async def turn() -> None:
    """Let everything go as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_many_wait_for_one_call() -> None:
    """Fifty callers of one tenant, one of another: two calls, and all have the whole answer."""
    upstream = CountingUpstream(lambda c, _n: ScriptedAnswer([chat_answer(c.tenant)]), before=asyncio.Event())
    cache = cached(upstream)
    waiting = [asyncio.create_task(cache.send(call())) for _ in range(50)]
    other = asyncio.create_task(cache.send(call(tenant="two")))
    await turn()
    upstream.before.set()  # type: ignore[union-attr]
    answers = await asyncio.gather(*waiting)
    assert [one.headers["x-sparing-cache"] for one in answers] == ["miss", *["shared"] * 49]
    assert {await read(one) for one in answers} == {chat_answer("one")}
    assert await read(await other) == chat_answer("two")
    assert len(upstream.calls) == 2


async def test_a_follower_has_the_stream_from_its_start() -> None:
    """Whenever it comes, while the leader is in the middle."""
    events, gate = chat_events(["a", "b", "c"]), asyncio.Event()
    upstream = CountingUpstream(lambda _c, _n: ScriptedAnswer([*events[:2], gate, *events[2:]], kind=EVENTS))
    cache = cached(upstream)
    leader = await cache.send(call(STREAM))
    chunks = leader.chunks()
    assert [await anext(chunks), await anext(chunks)] == events[:2]
    follower = await cache.send(call(STREAM))
    following = asyncio.create_task(read(follower))
    await turn()
    gate.set()
    assert await following == b"".join(events)
    assert [chunk async for chunk in chunks] == events[2:]
    assert len(upstream.calls) == 1


async def test_the_leader_can_leave() -> None:
    """Its followers get everything, and the answer is kept."""
    events, gate = chat_events(["a", "b"]), asyncio.Event()
    upstream = CountingUpstream(lambda _c, _n: ScriptedAnswer([events[0], gate, *events[1:]], kind=EVENTS))
    cache = cached(upstream)
    leader, follower = await cache.send(call(STREAM)), await cache.send(call(STREAM))
    await leader.aclose()
    await leader.aclose()
    gate.set()
    assert await read(follower) == b"".join(events)
    assert (await cache.send(call(STREAM))).headers["x-sparing-cache"] == "hit"


async def test_the_leader_can_leave_before_the_answer_begins() -> None:
    """A cancelled leader takes nobody with it."""
    upstream = CountingUpstream(lambda _c, _n: ScriptedAnswer([chat_answer()]), before=asyncio.Event())
    cache = cached(upstream)
    leader = asyncio.create_task(cache.send(call()))
    await turn()
    follower = asyncio.create_task(cache.send(call()))
    await turn()
    leader.cancel()
    await turn()
    upstream.before.set()  # type: ignore[union-attr]
    assert await read(await follower) == chat_answer()
    assert len(upstream.calls) == 1


async def test_when_all_have_left_the_call_is_cancelled() -> None:
    """Nobody pays for what nobody reads; the next one asks anew."""
    gate = asyncio.Event()
    upstream = CountingUpstream(lambda _c, _n: ScriptedAnswer([b"{", gate, chat_answer()[1:]]))
    cache = cached(upstream)
    answers = [await cache.send(call()) for _ in range(3)]
    for one in answers:
        await one.aclose()
    await turn()
    assert upstream.answers[0].closed
    gate.set()
    assert await read(await cache.send(call())) == chat_answer()
    assert len(upstream.calls) == 2


@pytest.mark.parametrize("begun", [False, True], ids=["before it begins", "half way"])
async def test_a_failure_is_everyones(begun: bool) -> None:
    """All learn the same, after all that did arrive; the next one asks anew."""
    error, gate = UpstreamUnreachable("gone", provider="p"), asyncio.Event()

    def make(_call: object, number: int) -> ScriptedAnswer:
        if not begun and number == 1:
            raise error
        return ScriptedAnswer([b"data: 1\n\n", gate, error] if number == 1 else chat_events(["a"]), kind=EVENTS)

    upstream = CountingUpstream(make, before=asyncio.Event())
    cache = cached(upstream)
    got: list[bytes] = []

    async def one() -> None:
        answer = await cache.send(call(STREAM))
        async for chunk in answer.chunks():
            got.append(chunk)  # noqa: PERF401 what came before the error counts

    waiting = [asyncio.create_task(one()) for _ in range(3)]
    await turn()
    upstream.before.set()  # type: ignore[union-attr]
    await turn()
    gate.set()
    assert await asyncio.gather(*waiting, return_exceptions=True) == [error] * 3
    assert got == ([b"data: 1\n\n"] * 3 if begun else [])
    assert await read(await cache.send(call(STREAM))) == b"".join(chat_events(["a"]))


async def test_the_upstream_is_not_read_far_ahead() -> None:
    """Without a reader, 64 kB; the rest waits."""
    piece = b"x" * 16_384
    taken = 0

    class Slow(ScriptedAnswer):
        async def chunks(self):  # type: ignore[no-untyped-def]
            nonlocal taken
            for _ in range(100):
                taken += 1
                yield piece

    cache = cached(CountingUpstream(lambda _c, _n: Slow([])))
    answer = await cache.send(call())
    await turn()
    assert taken == 5
    assert len(await read(answer)) == 100 * len(piece)


async def test_an_answer_beyond_the_bound_is_passed_on_and_not_held() -> None:
    """It takes no followers any more, holds no more than the bound, and goes at the slowest one's pace."""
    pieces = [b"%03d" % number * 1000 for number in range(100)]
    gate = asyncio.Event()
    upstream = CountingUpstream(lambda _c, _n: ScriptedAnswer([gate, *pieces]))
    cache = cached(upstream, max_answer_bytes=30_000)
    fast, slow = await cache.send(call()), await cache.send(call())
    reading = asyncio.create_task(read(fast))
    gate.set()
    await turn()
    assert not reading.done()
    (flight,) = {answer._answer._flight for answer in (fast, slow)}  # type: ignore[attr-defined]
    held = [sum(map(len, flight.chunks))]
    parts = []
    async for chunk in slow.chunks():
        parts.append(chunk)
        held.append(sum(map(len, flight.chunks)))
        await asyncio.sleep(0)
    assert b"".join(parts) == b"".join(pieces) == await reading
    assert max(held) <= 33_000
    await read(await cache.send(call()))
    assert len(upstream.calls) == 2
