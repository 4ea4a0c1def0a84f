"""Handing an answer on to the caller, chunk by chunk."""

from __future__ import annotations

import time

from starlette.types import Send

from sparing.core.upstream import Answer
from sparing.errors import SparingError
from sparing.gateway.error_bodies import error_answer, error_event
from sparing.gateway.exchange import Exchange
from sparing.gateway.headers import returned
from sparing.gateway.sse import EventCutter, is_last, whole
from sparing.gateway.usage import UsageReader

EVENTS, JSON = "text/event-stream", "application/json"
_WHOLE_BYTES = 1 << 20


class Relay:
    """The caller's end of one request: what was sent so far, and how to go on from there."""

    def __init__(self, send: Send, exchange: Exchange) -> None:
        self._send = send
        self._exchange = exchange
        self._started = False
        self._finished = False
        self._events = False
        self._newest = b""

    def has_passed_all(self) -> bool:
        """Whether the caller was sent the last event of a stream."""
        return self._events and is_last(self._newest)

    async def pass_on(self, answer: Answer) -> bytes:
        """Send the answer all but its last piece, which is returned and goes out with `finish`.

        Nothing is gathered: each chunk waits until the caller took the one before. Two exceptions, neither of which
        keeps anything from a caller that could have used it: an event goes out when it is whole, and a JSON answer of
        up to 1 MiB when all of it is here, so that an upstream that breaks still gets an error status; but an array is
        Gemini's other way to stream, and does not wait.

        Raises:
            UpstreamUnreachable, UpstreamTimeout: The answer broke off, or ended within an event.
        """
        kind, plain = kind_of(answer), is_plain(answer)
        if plain and kind == EVENTS:
            return await self._events_of(answer)
        if kind == JSON:
            return await self._json_of(answer, plain)
        await self._start(answer.status, returned(answer.headers))
        async for chunk in answer.chunks():
            await self._body(chunk)
        return b""

    async def finish(self, last: bytes) -> None:
        """End the answer."""
        self._finished = True
        self._exchange.ended_s = time.perf_counter()
        await self._body(last, more=False)

    async def fail(self, error: BaseException) -> None:
        """Tell the caller, in the form that what was sent so far still allows.

        Before the first byte: an error answer. In an event stream: an error event. Within anything else there is no
        way to say it, so the answer is left unfinished and the server cuts the connection.
        """
        exchange = self._exchange
        told = error_answer(error, exchange.wire)
        exchange.failed(_summary(error), told.status)
        if self._finished:
            return
        if not self._started:
            await self._start(told.status, told.headers)
            await self.finish(told.body)
        elif self._events:
            await self.finish(error_event(error, exchange.wire))

    async def start_events(self, answer: Answer) -> None:
        """Begin an event stream with the answer's status and headers."""
        self._events = True
        await self._start(answer.status, without_length(answer))

    async def start_whole(self, answer: Answer, length_bytes: int) -> None:
        """Begin an answer like this one, of another length."""
        await self._start(answer.status, [*without_length(answer), (b"content-length", b"%d" % length_bytes)])

    async def send(self, piece: bytes) -> None:
        """Send a piece of an answer that has begun."""
        await self._body(piece)

    async def _events_of(self, answer: Answer) -> bytes:
        cutter, usage = EventCutter(), UsageReader()
        await self.start_events(answer)
        try:
            async for chunk in answer.chunks():
                if piece := cutter.feed(chunk):
                    usage.see(piece)
                    self._exchange.num_events += piece.count(b"data:")
                    await self._body(piece)
            rest = whole(cutter.rest(), self._exchange.provider)
            usage.see(rest)
        finally:
            self._exchange.used(usage.usage(), answer)
        return rest

    async def _json_of(self, answer: Answer, plain: bool) -> bytes:
        parts: list[bytes] = []
        size, usage = 0, UsageReader()
        try:
            async for chunk in answer.chunks():
                if plain:
                    usage.see_cut(chunk)
                if self._started:
                    await self._body(chunk)
                    continue
                parts.append(chunk)
                size += len(chunk)
                if size > _WHOLE_BYTES or parts[0].lstrip()[:1] == b"[":
                    await self._start(answer.status, returned(answer.headers))
                    await self._body(b"".join(parts))
                    parts.clear()
        finally:
            self._exchange.used(usage.usage(), answer)
        if not self._started:
            await self._start(answer.status, returned(answer.headers))
        return b"".join(parts)

    async def _start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self._started = True
        exchange = self._exchange
        exchange.status = status
        if exchange.limits:  # the caller's own limits, not those of whoever pays the upstream
            ours = {name for name, _ in exchange.limits}
            headers = [header for header in headers if header[0] not in ours]
        message = {"type": "http.response.start", "status": status, "headers": headers + exchange.headers()}
        await self._send(message)

    async def _body(self, piece: bytes, *, more: bool = True) -> None:
        if not self._exchange.first_byte_s:
            self._exchange.first_byte_s = time.perf_counter()
        self._newest = piece
        await self._send({"type": "http.response.body", "body": piece, "more_body": more})


def kind_of(answer: Answer) -> str:
    """The media type of an answer."""
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def is_plain(answer: Answer) -> bool:
    """Whether an answer can be read as it comes."""
    return answer.headers.get("content-encoding", "identity") == "identity"


def without_length(answer: Answer) -> list[tuple[bytes, bytes]]:
    """The headers of an answer that something may be added to."""
    return [header for header in returned(answer.headers) if header[0] != b"content-length"]


def _summary(error: BaseException) -> str:
    return f"{type(error).__name__}: {error.message if isinstance(error, SparingError) else error}"
