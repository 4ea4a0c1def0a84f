"""Bytes to text, whatever they were written in: by their mark, by what they can be, and line by line where they mix."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LOOKED_AT_BYTES = 8192
_WIDE_SHARE = 0.3  # of the bytes at even or odd places that are NUL in UTF-16 of mostly ASCII
_LINES = re.compile(rb"[^\n]*\n|[^\n]+")


def decode(data: bytes, *, default: str = "") -> str | None:
    """The text of these bytes; None where they are no text.

    A byte order mark decides. Without one it is UTF-16 if every other byte of the start is mostly NUL, UTF-8 if it can
    be, then `default`, and else each line by itself is UTF-8 or Windows-1252 (and its undefined bytes Latin-1), which
    reads files that were put together from several encodings. Lines end as in the source.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    start = data[:_LOOKED_AT_BYTES]
    if b"\0" in start:
        wide = _wide(start)
        return data.decode(wide, "replace") if wide else None
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    if default:
        try:
            return data.decode(default)
        except (LookupError, UnicodeDecodeError):
            pass
    return "".join(_by_lines(data))


def _wide(start: bytes) -> str:
    half = max(1, len(start) // 2)
    even, odd = start[::2].count(0) / half, start[1::2].count(0) / half
    if odd >= _WIDE_SHARE and even < _WIDE_SHARE / 10:
        return "utf-16-le"
    return "utf-16-be" if even >= _WIDE_SHARE and odd < _WIDE_SHARE / 10 else ""


def _by_lines(data: bytes) -> Iterator[str]:
    for line in _LINES.findall(data):
        try:
            yield line.decode()
        except UnicodeDecodeError:
            yield _cp1252(line)


def _cp1252(line: bytes) -> str:
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        return line.decode("latin-1")
