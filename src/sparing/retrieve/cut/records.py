"""JSON: records, fields and elements, whole; what is larger is opened up, and its path stands in the heads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from sparing.retrieve.cut.pack import Unit
from sparing.retrieve.cut.stretches import is_long, lines, trimmed

_DEEPEST = 12
_LONGEST_NAME = 60  # characters
_KEY = re.compile(r'("(?:[^"\\]|\\.)*")\s*:\s*')
_BLANK = re.compile(r"\s*")
_COMMA = re.compile(r"\s*,\s*")
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def units(text: str, title: str = "") -> Iterator[Unit]:
    """Records of a JSON document or of JSON lines; lines where it cannot be read."""
    heads = (title,) if title else ()
    start, end = trimmed(text, 0, len(text))
    if _parts(text, start, end) is not None:
        yield from _value(text, start, end, start, end, heads, "")
        return
    at = 0
    while at < len(text):
        after = text.find("\n", at) + 1 or len(text)
        first, last = trimmed(text, at, after)
        if first < last:
            yield from _value(text, first, last, first, last, heads, "")
        at = after


def _value(
    text: str, start: int, end: int, first: int, last: int, heads: tuple[str, ...], path: str, depth: int = 0
) -> Iterator[Unit]:
    """A value, opened up where it is longer than a chunk.

    Args:
        start, end: The value itself.
        first, last: With its key before it and the comma or bracket behind it, which belong to the same unit.
    """
    under = (*heads, path) if path else heads
    parts = _parts(text, start, end) if depth < _DEEPEST and is_long(text, first, last) else None
    if not parts:
        yield from lines(text, first, last, under)
        return
    ends = [part.first for part in parts[1:]] + [last]
    begin = first
    for part, stop in zip(parts, ends, strict=True):
        yield from _value(text, part.start, part.end, begin, stop, heads, f"{path}{part.name}", depth + 1)
        begin = stop


class _Part(NamedTuple):
    """An element or a field: `first` is where its key begins, `start` its value."""

    name: str
    first: int
    start: int
    end: int


def _parts(text: str, start: int, end: int) -> list[_Part] | None:
    """The elements or fields of a value; None where it has none or is no JSON."""
    opening = text[start : start + 1]
    if opening not in ("[", "{"):
        return None
    is_list = opening == "["
    try:
        source = text[start:end].encode()
        values = _decode_list(source) if is_list else list(_decode_object(source).values())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    parts = []
    at = _BLANK.match(text, start + 1).end()  # type: ignore[union-attr]
    for number, value in enumerate(values):
        key = None if is_list else _KEY.match(text, at)
        begin = key.end() if key else at
        stop = begin + len(bytes(value).decode())
        name = f"[{number}]" if key is None else f".{key[1].strip(chr(34))}"
        parts.append(_Part(name[:_LONGEST_NAME], at, begin, stop))
        comma = _COMMA.match(text, stop)
        at = comma.end() if comma else stop
    closing = _BLANK.match(text, at).end()  # type: ignore[union-attr]
    return parts if closing == end - 1 else None  # else a key stands there twice, and one of its values is not known
