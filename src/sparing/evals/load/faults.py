"""What providers do wrong, each at the stub's end of a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

_ERROR: Final = b'{"error":{"message":"overloaded","type":"server_error","param":null,"code":null}}'


def _answer(status: int, body: bytes, kind: str = "application/json") -> Callable[[asyncio.Transport], None]:
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    return lambda transport: transport.write(head + body)


def _stay_silent(_transport: asyncio.Transport) -> None:
    """Nothing more is sent, and the connection stays open."""


def _abort(transport: asyncio.Transport) -> None:
    transport.abort()


def _break_event(transport: asyncio.Transport) -> None:
    """Half an event, and then the answer is over, as if all were well."""
    half = b'data: {"id":"chatcmpl-0","object":"chat.com'
    transport.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(half), half))


def _break_coding(transport: asyncio.Transport) -> None:
    """What follows is no chunk of HTTP."""
    transport.write(b"zz\r\nno chunk at all\r\n")


def _error_event(transport: asyncio.Transport) -> None:
    """An error within a stream that began well, and the end."""
    event = b"data: %b\n\n" % _ERROR
    transport.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(event), event))


BEFORE: Final[Mapping[str, Callable[[asyncio.Transport], None]]] = {
    "busy": _answer(429, _ERROR),  # and no retry-after
    "failing": _answer(500, _ERROR),
    "error_in_200": _answer(200, _ERROR),
    "error_stream_in_200": _answer(200, b"data: %b\n\n" % _ERROR, "text/event-stream"),
    "gone": _abort,
    "silent": _stay_silent,
}
"""Instead of an answer."""

MID_STREAM: Final[Mapping[str, Callable[[asyncio.Transport], None]]] = {
    "stalls": _stay_silent,
    "drops": _abort,
    "half_event": _break_event,
    "bad_coding": _break_coding,
    "error_event": _error_event,
}
"""Half way through one."""

FAULTS: Final = (*BEFORE, *MID_STREAM)
