"""An upstream that does what a test tells it to, in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from sparing.core.upstream import Call
from sparing.errors import UpstreamUnreachable

EVENTS = {"content-type": "text/event-stream"}
JSON = {"content-type": "application/json"}
ERROR_IN_STREAM = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n'


def call(**options: object) -> Call:
    given = {"wire": "openai.chat", "method": "POST", "path": "/v1/chat/completions", "headers": {}, "body": b"{}"}
    return Call(**{**given, **options})  # type: ignore[arg-type]


@dataclass
class Said:
    """An answer: pieces of bytes, an exception where it breaks off, or something to wait for in between."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON))
    pieces: Sequence[bytes | BaseException | Callable[[], Awaitable[object]]] = (b'{"ok":true}',)
    closed: int = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, BaseException):
                raise piece
            if callable(piece):
                await piece()
            else:
                yield piece

    async def aclose(self) -> None:
        self.closed += 1


@dataclass
class Scripted:
    """Gives these answers in order, the last one again and again; raises those that are errors."""

    script: Sequence[Said | Exception | Callable[[], Awaitable[Said]]]
    calls: list[Call] = field(default_factory=list)
    closed: int = 0

    async def send(self, call: Call) -> Said:
        step = self.script[min(len(self.calls), len(self.script) - 1)]
        self.calls.append(call)
        if isinstance(step, Exception):
            raise step
        return await step() if callable(step) else step

    async def aclose(self) -> None:
        self.closed += 1


def gone() -> UpstreamUnreachable:
    return UpstreamUnreachable("it closed the connection")


async def read(answer: object) -> bytes:
    try:
        return b"".join([chunk async for chunk in answer.chunks()])  # type: ignore[attr-defined]
    finally:
        await answer.aclose()  # type: ignore[attr-defined]


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds
