"""Server-sent events, one at a time: what is in them, and how they are written anew."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

_WHOLE = re.compile(rb"[\r\n]+|[^\r\n].*?(?:\n\n|\r\n\r\n|\n\r\n|\r\r)|.+\Z", re.DOTALL)
_LINE = re.compile(rb"\r\n|\n|\r")


def split_events(piece: bytes) -> Iterator[bytes]:
    """The events in a piece of a stream that ends where an event does; stray line breaks between them by themselves."""
    return (found[0] for found in _WHOLE.finditer(piece))


def data_of(event: bytes) -> dict[str, Any] | str | None:
    """The data of an event: an object, or its text where it is none (``[DONE]``); None where there is no data."""
    lines = [line[5:] for line in event.splitlines() if line.startswith(b"data:")]
    if not lines:
        return None
    data = lines[0] if len(lines) == 1 else b"\n".join(lines)
    try:
        value = _decode(data)
    except (ValueError, RecursionError):
        return data.decode("utf-8", "replace").strip()
    return value if isinstance(value, dict) else data.decode().strip()


def _decode(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:  # it refuses half of a surrogate pair, which servers do send
        return json.loads(data)


def comments_of(event: bytes) -> bytes:
    """The comment lines before an event: keep-alives, which go on even if the event does not."""
    at = 0
    while event[at : at + 1] == b":":
        end = _LINE.search(event, at)
        if end is None:
            break
        at = end.end()
    return event[:at]


def written(event: bytes, data: dict[str, Any]) -> bytes:
    """The event with other data. ASCII, so that half of a surrogate pair can be written as it came."""
    named = next((line + b"\n" for line in _LINE.split(event) if line.startswith(b"event:")), b"")
    return comments_of(event) + named + b"data: " + encoded(data).encode() + b"\n\n"


def encoded(value: Any) -> str:
    """Compact ASCII JSON."""
    return json.dumps(value, separators=(",", ":"))
