"""Who gave an answer is still known behind the cache: the bill depends on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from sparing.core.upstream import Answer, Call, Served, Spent, served_by
from sparing.core.usage import Usage
from sparing.generate.cache.rules import Rules
from sparing.generate.cache.store import MemoryStore
from sparing.generate.cache.upstream import Cached
from sparing.generate.passing import Passing

BODY = b'{"model": "m", "messages": [{"role": "user", "content": "Hello"}], "temperature": 0}'
SAID = b'{"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}'
CALL = Call("openai.chat", "POST", "/v1/chat/completions", {}, BODY, "m")
SERVED = Served("small", "s-1", "openai", 2, (Spent("s-0", "openai", Usage(9, 1)),))


class Whole:
    status = 200
    headers: Mapping[str, str] = {"content-type": "application/json"}

    async def chunks(self) -> AsyncIterator[bytes]:
        await asyncio.sleep(0.01)
        yield SAID

    async def aclose(self) -> None: ...


class Tier:
    async def send(self, call: Call) -> Answer:
        await asyncio.sleep(0.01)
        return Passing(Whole(), SERVED)

    async def aclose(self) -> None: ...


def cached() -> Cached:
    rules = Rules(mode="exact", ttl_s=60, dated_ttl_s=60, sampled=False, tool_calls=False, max_answer_bytes=10_000)
    return Cached(Tier(), MemoryStore(max_entries=9, max_bytes=10_000), rules)


async def read(answer: Answer) -> bytes:
    body = b"".join([chunk async for chunk in answer.chunks()])
    await answer.aclose()
    return body


async def test_a_miss_says_who_answered_and_after_what() -> None:
    """Tier, model, tries and what was spent before."""
    answer = await cached().send(CALL)
    assert served_by(answer) == SERVED
    assert await read(answer) == SAID


async def test_who_joins_a_call_does_not_pay_for_it() -> None:
    """The tier is told, what was spent is the first one's."""
    upstream = cached()
    first, second = await asyncio.gather(upstream.send(CALL), upstream.send(CALL))
    assert served_by(first) == SERVED
    assert served_by(second) == Served("small", "s-1", "openai", 2)
    assert await asyncio.gather(read(first), read(second)) == [SAID, SAID]


async def test_what_the_cache_leaves_alone_says_it_too() -> None:
    """A request that is never kept."""
    random = CALL.body.replace(b'"temperature": 0', b'"temperature": 1')
    answer = await cached().send(Call(CALL.wire, CALL.method, CALL.path, {}, random, "m"))
    assert served_by(answer) == SERVED
