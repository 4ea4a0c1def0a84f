"""Stretches of a text that are too long for one chunk, cut where it hurts least: at sentences, at lines, anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sparing.reducers.sentences import sentence_bounds
from sparing.retrieve.cut.pack import BLOCK, INSIDE, MOST_BYTES, Unit

_CHARS = MOST_BYTES // 4  # of any script no more than MOST_BYTES
_BLANK = re.compile(r"\s*")
_BREAK = re.compile(r"[,;:\s]")


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The range without blanks around it; empty where all is blank."""
    start = min(end, _BLANK.match(text, start).end())  # type: ignore[union-attr]  # matches nothing at the least
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def is_long(text: str, start: int, end: int) -> bool:
    """Whether it takes more than a chunk."""
    if end - start <= _CHARS:
        return False
    return end - start > MOST_BYTES or len(text[start:end].encode("utf-8", "surrogatepass")) > MOST_BYTES


def paragraph(text: str, start: int, end: int, heads: tuple[str, ...] = (), strength: int = BLOCK) -> Iterator[Unit]:
    """A paragraph as one unit, or its sentences where it is longer than a chunk."""
    start, end = trimmed(text, start, end)
    if start == end:
        return
    if not is_long(text, start, end):
        yield Unit(start, end, heads, strength)
        return
    bounds = sentence_bounds(text[start:end])
    for first, last in zip(bounds, bounds[1:], strict=False):
        yield from pieces(text, start + first, start + last, heads, strength)
        strength = INSIDE


def lines(text: str, start: int, end: int, heads: tuple[str, ...] = (), strength: int = BLOCK) -> Iterator[Unit]:
    """A stretch of lines as one unit, or a unit to the line where it is longer than a chunk."""
    if not is_long(text, start, end):
        start, stop = without_blank_lines(text, start, end)
        if start < stop:
            yield Unit(start, stop, heads, strength)
        return
    at = start
    while at < end:
        after = text.find("\n", at, end) + 1 or end
        yield from pieces(text, at, after, heads, strength)
        at, strength = after, INSIDE


def without_blank_lines(text: str, start: int, end: int) -> tuple[int, int]:
    """The range without blank lines around it, the indentation of its first line kept."""
    first, end = trimmed(text, start, end)
    if first == end:
        return end, end
    return max(start, text.rfind("\n", start, first) + 1), end


def pieces(text: str, start: int, end: int, heads: tuple[str, ...] = (), strength: int = BLOCK) -> Iterator[Unit]:
    """A sentence, line or record as one unit; where it alone is longer than a chunk, pieces that end at a blank."""
    start, end = without_blank_lines(text, start, end)
    while start < end:
        if not is_long(text, start, end):
            yield Unit(start, end, heads, strength)
            return
        stop = start + _CHARS
        breaks = [match.end() for match in _BREAK.finditer(text, start + _CHARS // 2, stop)]
        stop = breaks[-1] if breaks else stop
        piece = trimmed(text, start, stop)
        if piece[0] < piece[1]:
            yield Unit(*piece, heads, strength)
            strength = INSIDE
        start = trimmed(text, stop, end)[0]
