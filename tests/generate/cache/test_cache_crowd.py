"""A crowd of callers, some of whom leave, before an upstream that fails now and then: nothing is lost or crossed."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter

import pytest
from counting_upstream import EVENTS, CountingUpstream, ScriptedAnswer, call, chat_body, chat_events

from sparing.core.upstream import Call
from sparing.errors import UpstreamUnreachable
from sparing.generate.cache.rules import Rules
from sparing.generate.cache.semantic.bound import Bound
from sparing.generate.cache.semantic.embed import Lexical
from sparing.generate.cache.semantic.index import Index
from sparing.generate.cache.semantic.similar import Similar
from sparing.generate.cache.store import MemoryStore
from sparing.generate.cache.upstream import Cached

CALLERS = 400


def words_for(one: Call) -> list[str]:
    """An answer that names whom it is for and what was asked."""
    asked = json.loads(one.body)["messages"][-1]["content"]
    return [f"{one.tenant}:{asked}:{number} " for number in range(12)]


class Slow(ScriptedAnswer):
    """Gives way to others after each piece."""

    async def chunks(self):  # type: ignore[no-untyped-def]
        async for piece in super().chunks():
            yield piece
            await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(5))
async def test_each_gets_its_own_answer_whole_or_an_error(seed: int) -> None:
    """Three tenants, six questions, streams; a fifth leaves half way, one call in ten breaks; small bounds."""
    rng = random.Random(seed)

    def make(one: Call, _number: int) -> ScriptedAnswer:
        events: list[bytes | Exception | asyncio.Event] = [*chat_events(words_for(one))]
        if rng.random() < 0.1:
            events[rng.randrange(len(events)) :] = [UpstreamUnreachable("gone", provider="p")]
        return Slow(events, kind=EVENTS)

    upstream = CountingUpstream(make)
    cache = Cached(
        upstream,
        MemoryStore(max_entries=4, max_bytes=1_000_000),
        Rules(mode="semantic", max_answer_bytes=rng.choice((500, 1_000_000))),
        similar=Similar(Lexical(), Bound(0.005), Index(5)),
    )
    seen: Counter[str] = Counter()

    async def caller(number: int) -> None:
        for _ in range(rng.randrange(30)):
            await asyncio.sleep(0)
        body = chat_body(f"How does part {number % 6} work?", stream=True)
        one = call(body, tenant=f"tenant-{number % 3}")
        leaves_after = rng.randrange(10) if rng.random() < 0.2 else 99
        try:
            answer = await cache.send(one)
        except UpstreamUnreachable:
            seen["error"] += 1
            return
        got = b""
        try:
            async for chunk in answer.chunks():
                got += chunk
                leaves_after -= 1
                if leaves_after < 0:
                    break
        except UpstreamUnreachable:
            seen["error"] += 1
        finally:
            await answer.aclose()
        whole = b"".join(chat_events(words_for(one)))
        assert whole.startswith(got)
        seen["left" if leaves_after < 0 else "whole" if got == whole else "part"] += 1

    await asyncio.gather(*(caller(number) for number in range(CALLERS)))
    await asyncio.sleep(0.01)
    assert seen["part"] <= seen["error"]
    assert seen["whole"] > CALLERS / 3
    assert not cache._flights
    assert all(answer.closed for answer in upstream.answers)
    assert len(upstream.calls) < CALLERS
