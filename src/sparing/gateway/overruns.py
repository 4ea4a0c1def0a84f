"""What becomes of answers that are longer than their policy says: ended, tightened, or only told of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial

from sparing.core.upstream import Answer, Call, Upstream
from sparing.core.wire import Wire
from sparing.errors import SparingError
from sparing.finish.tighten import Tightened
from sparing.gateway.ceiling import Ceiling
from sparing.gateway.exchange import Exchange
from sparing.gateway.relay import EVENTS, JSON, is_plain, kind_of
from sparing.gateway.rewriting import Rewriting
from sparing.gateway.services import Services
from sparing.gateway.side_calls import SideCalls
from sparing.gateway.tightening import Tightening
from sparing.generate.cache.answers import read_answer
from sparing.generate.passing import Passing
from sparing.generate.tiers import HEADER as TIER_HEADER
from sparing.handles import handle_of
from sparing.retrieval.beside import asked_in
from sparing.tokens.models import counter_for

_READ_BYTES = 1 << 20  # of an answer that is only counted


def held_to_ceiling(
    upstream: Upstream,
    call: Call,
    wire: Wire,
    original: bytes,
    exchange: Exchange,
    services: Services,
    deadline_s: float,
) -> Upstream:
    """The upstream of one request, whose answers are held to its policy's ceiling.

    Args:
        call: As it is sent.
        original: The request as the caller sent it: what is asked is read from it.
    """
    tokens = exchange.ceiling_tokens
    if exchange.overrun == "stop":
        return Ceiling(upstream, tokens, exchange)
    if exchange.overrun == "leave":
        return _Watching(upstream, tokens, exchange, services.pool)
    shorter = _rewriting(upstream, call, exchange, services) if exchange.tighten_with else None
    question = partial(_asked, wire, original)
    keep = _keeping(services, call.tenant)
    return Tightening(upstream, tokens, exchange, question, services.pool, deadline_s, keep, shorter)


def _rewriting(upstream: Upstream, call: Call, exchange: Exchange, services: Services) -> Rewriting:
    name, model = exchange.tighten_with, exchange.tighten_with
    decider = services.desk.decider if services.desk is not None else None
    if decider is not None and decider.is_tier(name):
        call, model = replace(call, headers={**call.headers, TIER_HEADER: name}), call.model
    side = SideCalls(call, upstream, services.recorder, services.sellers)
    return Rewriting(side, model, call.model, exchange.ceiling_tokens, services.pool)


def _asked(wire: Wire, original: bytes) -> str:
    """What the caller asked; "" where nobody asks anything that can be read."""
    try:
        asked = asked_in(wire.parse(original))
    except SparingError:
        return ""
    return asked.question if asked is not None else ""


def _keeping(services: Services, tenant: str) -> Callable[[str], str]:
    def keep(answer: str) -> str:
        if services.elided is None:
            return ""
        services.elided.put(tenant, (answer,))
        return handle_of(answer)

    return keep


class _Watching:
    """Passes every answer on, and tells the receipt of one that is too long. Implements `core.upstream.Upstream`."""

    def __init__(self, upstream: Upstream, tokens: int, exchange: Exchange, pool: Executor) -> None:
        self._upstream, self._tokens, self._exchange, self._pool = upstream, tokens, exchange, pool

    async def send(self, call: Call) -> Answer:
        answer = await self._upstream.send(call)
        if answer.status != 200 or not is_plain(answer) or kind_of(answer) not in (EVENTS, JSON):
            return answer
        return _Watched(answer, self._look, call)

    async def aclose(self) -> None:
        """The upstream is the gateway's."""

    async def _look(self, call: Call, kind: str, body: bytes) -> None:
        tokens = await asyncio.get_running_loop().run_in_executor(self._pool, _count, call, kind, body)
        if tokens > self._tokens:
            exact = counter_for(call.model).exact
            self._exchange.tightened = Tightened("", "left", tokens, tokens, (), "the policy leaves it", exact)


class _Watched(Passing):
    def __init__(self, answer: Answer, look: Callable[[Call, str, bytes], Awaitable[None]], call: Call) -> None:
        super().__init__(answer)
        self._look, self._call = look, call

    async def chunks(self) -> AsyncIterator[bytes]:
        parts: list[bytes] = []
        size = 0
        async for chunk in self._answer.chunks():
            size += len(chunk)
            if size <= _READ_BYTES:
                parts.append(chunk)
            else:
                parts.clear()
            yield chunk
        if parts:
            await self._look(self._call, kind_of(self._answer), b"".join(parts))


def _count(call: Call, kind: str, body: bytes) -> int:
    """Tokens of what an answer says; 0 where it cannot be read."""
    said = read_answer(call.wire, kind, body)
    return counter_for(call.model).count(said.text) if said is not None else 0
