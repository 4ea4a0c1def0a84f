"""Ending answers that grow longer than their policy says; what the model would have gone on with is never generated."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sparing.core.upstream import Answer, Call, Upstream
from sparing.finish.ends import Ends
from sparing.finish.events import split_events
from sparing.finish.stop import STOPS, Stop
from sparing.gateway.exchange import Exchange
from sparing.gateway.relay import EVENTS, JSON, is_plain, kind_of
from sparing.gateway.sse import EventCutter
from sparing.gateway.whole import WholeAnswer
from sparing.generate.passing import Passing
from sparing.tokens.models import counter_for


class Ceiling:
    """The upstream of one request, whose answers end past so many tokens. Implements `core.upstream.Upstream`."""

    def __init__(self, upstream: Upstream, tokens: int, exchange: Exchange) -> None:
        self._upstream = upstream
        self._tokens = tokens
        self._exchange = exchange

    async def send(self, call: Call) -> Answer:
        answer = await self._upstream.send(call)
        if answer.status != 200 or not is_plain(answer) or call.wire not in STOPS:
            return answer
        ends = Ends(self._tokens, counter_for(call.model).count)
        stop = STOPS[call.wire](ends)
        made = {EVENTS: _Events, JSON: _Whole}.get(kind_of(answer))
        return made(answer, stop, ends, self._exchange) if made is not None else answer

    async def aclose(self) -> None:
        """The upstream is the gateway's."""


class _Ended(Passing):
    def __init__(self, answer: Answer, stop: Stop, ends: Ends, exchange: Exchange) -> None:
        super().__init__(answer)
        self._stop = stop
        self._ends = ends
        self._exchange = exchange

    def _note(self) -> None:
        if self._stop.stopped:
            self._exchange.stopped = f"where it could end, past its ceiling; {self._ends.tokens:,} tokens"


class _Events(_Ended):
    async def chunks(self) -> AsyncIterator[bytes]:
        cutter, stop = EventCutter(), self._stop
        async for chunk in self._answer.chunks():
            shown = []
            for event in split_events(cutter.feed(chunk)):
                shown.append(stop.event(event))
                if stop.stopped:
                    break
            if shown:
                yield b"".join(shown)
            if stop.stopped:
                self._note()
                await self._answer.aclose()  # at once: what is generated from now on is paid for
                return
        if rest := cutter.rest():
            yield rest


class _Whole(_Ended, WholeAnswer):
    async def _shown(self, body: bytes) -> bytes:
        shown = self._stop.whole(body)
        self._note()
        return shown
