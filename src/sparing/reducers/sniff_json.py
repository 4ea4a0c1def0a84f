"""Is it JSON, and if so a table of records or another document?"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from sparing.core.content import Content
from sparing.reducers.json_table import is_json

_PARSED_CHARS = 1 << 20  # up to here the text is parsed; beyond, its start, middle and end are looked at
_CHUNK = 4096
_MIN_ROWS = 3
_LONG_ROW_BYTES = 2000  # longer ones on average are documents, to be opened up rather than dropped whole

_STRING = r'"(?:[^"\\\n]|\\.){0,400}"'
_ARRAY_START = re.compile(rf'\[\s*(?:\{{\s*["}}]|\[|{_STRING}\s*[,\]]|(?:-?\d[\d.eE+-]*|true|false|null)\s*[,\]]|\])')
_OBJECT_START = re.compile(rf"\{{\s*(?:{_STRING}\s*:|\}})")
_RECORDS = re.compile(rf"\[\s*\{{\s*({_STRING})\s*:")


def sniff_json(text: str, lines: Sequence[str]) -> Content | None:
    """JSON_ROWS, JSON, or None when it is not JSON.

    Args:
        lines: Sampled lines, for JSON lines (one record to the line).
    """
    start = text[:_CHUNK].lstrip("\ufeff \t\r\n")
    if start[:1] not in ("{", "["):
        return None
    if _is_json_lines(lines):
        return Content.JSON_ROWS
    if not (_ARRAY_START if start[0] == "[" else _OBJECT_START).match(start):
        return None
    if text[-_CHUNK:].rstrip()[-1:] != ("]" if start[0] == "[" else "}"):
        return None
    if len(text) <= _PARSED_CHARS:
        return _parsed(text)
    return Content.JSON_ROWS if _records_recur(text) else Content.JSON


def _is_json_lines(lines: Sequence[str]) -> bool:
    if len(lines) < 2 or not lines[0].startswith("{") or not is_json(lines[0]):
        return False
    whole = sum(1 for line in lines if line.startswith("{") and line.rstrip().endswith("}"))
    return whole >= len(lines) * 0.9


def _parsed(text: str) -> Content | None:
    stripped = text.strip("\ufeff \t\r\n")
    try:
        if stripped[0] == "[":
            values = msgspec.json.decode(stripped, type=list[msgspec.Raw])
            return Content.JSON_ROWS if _are_records(values) else Content.JSON
        fields = msgspec.json.decode(stripped, type=dict[str, msgspec.Raw])
        bulk = max(fields.values(), key=_len, default=None)
        if bulk is None or _len(bulk) < len(stripped) * 0.5 or bytes(bulk)[:1] != b"[":
            return Content.JSON
        return Content.JSON_ROWS if _are_records(msgspec.json.decode(bulk, type=list[msgspec.Raw])) else Content.JSON
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None


def _len(raw: msgspec.Raw) -> int:
    return memoryview(raw).nbytes


def _are_records(values: Sequence[msgspec.Raw]) -> bool:
    """Enough of them, nearly all objects, short enough, none of them most of the text."""
    if len(values) < _MIN_ROWS:
        return False
    sizes = [_len(value) for value in values]
    if sum(sizes) > _LONG_ROW_BYTES * len(sizes):
        return False
    records = sum(1 for value in values if bytes(value)[:1] == b"{")
    return records >= len(values) * 0.9 and max(sizes) <= sum(sizes) * 0.6


def _records_recur(text: str) -> bool:
    """Whether the first record's first key is still found in the middle and near the end."""
    found = _RECORDS.search(text[:_CHUNK])
    if found is None:
        return False
    key, middle = found.group(1), len(text) // 2
    return key in text[middle - _CHUNK : middle + _CHUNK] and key in text[-2 * _CHUNK :]
