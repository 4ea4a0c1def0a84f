"""Passing on an answer in which the model may call tools of ours: the client sees one answer to all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from sparing import registry
from sparing.core.upstream import Answer, Call, Upstream, served_by
from sparing.errors import UpstreamError
from sparing.finish.events import split_events
from sparing.finish.find import declared
from sparing.finish.own_calls import Answering, Loop
from sparing.gateway.exchange import Exchange
from sparing.gateway.relay import EVENTS, JSON, Relay, is_plain, kind_of
from sparing.gateway.services import Services
from sparing.gateway.sse import EventCutter, whole
from sparing.gateway.usage import UsageReader
from sparing.generate.tiers import HEADER as TIER_HEADER

_SAID_BYTES = 16_384  # of an upstream's refusal; more is no error message


class OwnCalls:
    """One request whose body offers tools of ours.

    Args:
        call: As it was sent; its answer is given to `pass_on`.
        answering: Made when the model first calls, off the event loop: it reads the client's request again.
    """

    def __init__(
        self,
        loop: Loop,
        call: Call,
        upstream: Upstream,
        answering: Callable[[], Answering],
        exchange: Exchange,
        services: Services,
    ) -> None:
        self._loop = loop
        self._call = call
        self._first_bytes = len(call.body)
        self._upstream = upstream
        self._make = answering
        self._answering: Answering | None = None
        self._exchange = exchange
        self._services = services

    async def pass_on(self, answer: Answer, relay: Relay) -> bytes:
        """As `Relay.pass_on`, with every call of ours answered on the way. Closes the answers it asks for itself.

        Raises:
            UpstreamError: The upstream refused to go on, or broke off.
        """
        kind = kind_of(answer)
        if answer.status != 200 or not is_plain(answer) or kind not in (EVENTS, JSON):
            return await relay.pass_on(answer)
        if kind == EVENTS:
            await relay.start_events(answer)
        read = self._events if kind == EVENTS else self._whole
        first, last = answer, await read(answer, relay)
        while self._loop.calls:
            if last:
                await relay.send(last)
            answer = await self._asked_again(answer, kind)
            try:
                last = await read(answer, relay)
            finally:
                await answer.aclose()
        if kind == JSON:
            await relay.start_whole(first, len(last))
        return last

    async def _events(self, answer: Answer, relay: Relay) -> bytes:
        cutter, usage = EventCutter(), UsageReader()
        try:
            async for chunk in answer.chunks():
                if piece := cutter.feed(chunk):
                    usage.see(piece)
                    self._exchange.num_events += piece.count(b"data:")
                    if shown := self._shown(piece):
                        await relay.send(shown)
            rest = whole(cutter.rest(), self._exchange.provider)
            usage.see(rest)
            return self._shown(rest) + self._loop.end()
        finally:
            self._exchange.used(usage.usage(), answer)

    def _shown(self, piece: bytes) -> bytes:
        return b"".join(map(self._loop.event, split_events(piece)))

    async def _whole(self, answer: Answer, _relay: Relay) -> bytes:
        parts, size, limit_bytes = [], 0, self._services.max_body_bytes
        async for chunk in answer.chunks():
            parts.append(chunk)
            size += len(chunk)
            if size > limit_bytes:
                raise UpstreamError(f"the upstream's answer is larger than {limit_bytes:,} bytes")
        body, usage = b"".join(parts), UsageReader()
        usage.see(body)
        self._exchange.used(usage.usage(), answer)
        return self._loop.whole(body)

    async def _asked_again(self, answer: Answer, kind: str) -> Answer:
        """The model's next answer, to what its calls gave."""
        await answer.aclose()  # read to its end: its connection can be used again
        body = await asyncio.get_running_loop().run_in_executor(self._services.pool, self._follow_up)
        tier = served_by(answer).tier  # who began the answer goes on with it
        headers = {**self._call.headers, TIER_HEADER: tier} if tier else self._call.headers
        allowance = self._call.allowance
        if allowance is not None and not await allowance.more(added_bytes=max(0, len(body) - self._first_bytes)):
            raise allowance.why()
        self._call = replace(self._call, body=body, headers=headers)
        answer = await self._upstream.send(self._call)
        self._exchange.extra_turns += 1
        if answer.status != 200:
            raise await _refusal(answer)
        if kind_of(answer) != kind or not is_plain(answer):
            await answer.aclose()
            raise UpstreamError(f"the upstream answered with {kind_of(answer)!r} where it sent {kind!r} before")
        return answer

    def _follow_up(self) -> bytes:
        if self._answering is None:
            self._answering = self._make()
        answering, loop = self._answering, self._loop
        given = answering.answer(loop.calls)
        self._exchange.recalled_tokens = answering.recalled_tokens
        loop.final = answering.spent
        body = loop.follow_up(self._call.body, [one.text for one in given])
        return declared(body, registry.load("wires", self._call.wire), [tool for one in given for tool in one.tools])


async def _refusal(answer: Answer) -> UpstreamError:
    """What an upstream says instead of going on, for the client."""
    said = b""
    try:
        async for chunk in answer.chunks():
            said += chunk
            if len(said) > _SAID_BYTES:
                break
    finally:
        await answer.aclose()
    after = answer.headers.get("retry-after", "")
    return UpstreamError(
        f"the upstream answered {answer.status} when it was asked to go on after a call of Sparing's own tools",
        hint="x-sparing-mode: off asks without them",
        status_code=answer.status,
        retry_after_s=float(after) if after.isdigit() else None,
        body=said if is_plain(answer) and kind_of(answer) == JSON and len(said) <= _SAID_BYTES else b"",
    )
