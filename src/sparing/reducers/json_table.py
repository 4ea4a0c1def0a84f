"""Find the records in a JSON text: a top-level array, the array that is the bulk of an object, or JSON lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

_BULK = 0.5  # share of an object's text that its array must have
_BETWEEN = re.compile(r"[\s,\[]*")
_BLANK = "\ufeff \t\r\n"


class NoTableError(ValueError):
    """The text holds no records; the message says why."""


@dataclass(frozen=True, slots=True)
class Records:
    """Rows of a JSON text.

    Attributes:
        head: Minified JSON before the array, "" where the array is all there is.
        rows: Minified literals, one per row.
        tail: Minified JSON after the array.
        starts: Where each row starts in the source, and where the last one ends: n + 1 character offsets.
        lines: Whether the source is JSON lines.
    """

    head: str
    rows: Sequence[bytes]
    tail: str
    starts: Sequence[int]
    lines: bool = False


def find_records(text: str) -> Records:
    """Cut a JSON text into rows.

    Raises:
        NoTableError: Not JSON, or no array in it that is most of it.
    """
    start = len(text) - len(text.lstrip(_BLANK))
    source = text.strip(_BLANK)
    try:
        if source.startswith("["):
            return _array(source, start, "", "")
        if source.startswith("{"):
            return _lines(source, start) or _inside_object(source, start)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise NoTableError(f"not valid JSON: {error}") from error
    except RecursionError as error:
        raise NoTableError("JSON nested too deep") from error
    raise NoTableError("not a JSON array or object")


def minify(source: str) -> str:
    """JSON without insignificant whitespace, every literal as it was.

    Raises:
        msgspec.DecodeError, UnicodeEncodeError, RecursionError: Not JSON that can be read.
    """
    return msgspec.json.format(source, indent=-1)


def is_json(text: str) -> bool:
    """Whether the text is one JSON value."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False
    return True


def _array(source: str, start: int, head: str, tail: str) -> Records:
    compact = minify(source).encode()
    rows = list(map(bytes, msgspec.json.decode(compact, type=list[msgspec.Raw])))
    written = msgspec.json.decode(source, type=list[msgspec.Raw])
    return Records(head, rows, tail, _starts(source, written, start))


def _starts(source: str, written: Sequence[msgspec.Raw], offset: int) -> list[int]:
    """Walk over the rows as they were written: each starts after blanks, commas and the opening bracket."""
    starts, at = [], 0
    ascii_only = source.isascii()
    for row in written:
        between = _BETWEEN.match(source, at) if at else re.match(r"\[\s*", source)
        at = between.end() if between else at
        starts.append(at + offset)
        literal = bytes(row)
        at += len(literal) if ascii_only else len(literal.decode())
    return [*starts, at + offset]


def _inside_object(source: str, start: int) -> Records:
    fields = msgspec.json.decode(source, type=dict[str, msgspec.Raw])
    key = max(fields, key=lambda name: len(bytes(fields[name])), default=None)
    bulk = bytes(fields[key]).decode() if key is not None else ""
    if not bulk.startswith("[") or len(bulk) < _BULK * len(source):
        raise NoTableError("no array of records makes up most of this JSON")
    at = source.find(bulk)  # more than half of the text: found once
    compact = minify(source[:at] + "0" + source[at + len(bulk) :])
    hole = _hole(compact, source[:at])
    return _array(bulk, start + at, compact[:hole], compact[hole + 1 :])


def _hole(compact: str, before: str) -> int:
    """Where the stand-in for the array is in the minified object: after as many characters as `before` keeps."""
    # A prefix is not JSON; closed off with the stand-in it is, and it minifies to the same characters.
    return len(minify(before + "0}")) - 2


def _lines(source: str, start: int) -> Records | None:
    """JSON lines: every line an object of its own; None where it is one document."""
    end = source.find("\n")
    if end < 0 or not is_json(source[:end]):
        return None
    rows, starts, at = [], [], start
    for line in source.split("\n"):
        if line.strip():
            rows.append(line)
            starts.append(at)
        at += len(line) + 1
    compact = minify("[" + ",".join(rows) + "]").encode()
    literals = list(map(bytes, msgspec.json.decode(compact, type=list[msgspec.Raw])))
    if len(literals) != len(rows):
        return None
    return Records("", literals, "", [*starts, start + len(source)], lines=True)
