"""An old tool result in one line: which tool, how much it gave, and the names in it that may be asked for again.

Agents rarely go back to old observations; masking them costs no solved tasks and halves the bill (Lindenbauer et al.
2025, "The Complexity Trap"). Departs from it by keeping identifiers and the failure, so that a later turn can refer to
what it saw.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import msgspec

from sparing.core.ladder import Elision, Rendition
from sparing.core.reducer import Ask
from sparing.reducers.history_cues import FAILURE
from sparing.reducers.json_table import NoTableError, find_records
from sparing.reducers.names import name_spans
from sparing.reducers.terms import identifiers
from sparing.reducers.words import fold

NAME = "masked_result.v1"
_MOST_NAMES, _MOST_KEYS = 12, 8
_SHORTEST_NAME, _NAME_CHARS = 3, 80
_FAILURE_CHARS = 200


def masked_result(text: str, tool: str, ask: Ask, summary: str = "") -> Rendition:
    """One line for an old result; the result itself where that is not shorter.

    Args:
        tool: Its name, "" if unknown.
        summary: What a model says is in it, in one line; it takes the place of the failure.
        ask: Its question holds what later messages said and called: names in it that the result has come first. Pins
            that the result has stay in any case.
    """
    before = ask.counter.count(text)
    size, unit, keys = _size(text)
    said = f"{size:,} {unit if size != 1 else unit.removesuffix('s')}"
    parts = [f"{said} of {', '.join(keys)}" if keys else said]
    if summary:
        parts.append(f"a model's summary: {summary}")
    elif failure := _failure(text):
        parts.append(failure)
    names = _names(text, ask, shown="; ".join(parts))
    if names:
        parts.append(", ".join(names))
    line = f"[… {tool}: {'; '.join(parts)}]" if tool else f"[… {'; '.join(parts)}]"
    tokens = ask.counter.count(line)
    if tokens >= before or any(pin in text and pin not in line for pin in ask.pins):
        return Rendition(text, before, 1.0, unit, (), NAME)
    return Rendition(line, tokens, 0.0, unit, (Elision(0, len(text), max(1, min(size, len(text)))),), NAME)


def _size(text: str) -> tuple[int, str, list[str]]:
    """How much it is in its own units, and the names of its fields."""
    try:
        rows = find_records(text).rows
    except NoTableError:
        rows = ()
    if rows:
        first = _decoded(rows[0])
        return len(rows), "rows", list(first)[:_MOST_KEYS] if isinstance(first, dict) else []
    document = _decoded(text)
    if isinstance(document, dict):
        return len(document), "fields", list(document)[:_MOST_KEYS]
    return sum(1 for line in text.split("\n") if line.strip()), "lines", []


def _decoded(text: str | bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


def _failure(text: str) -> str:
    """The last line that tells of a failure: in a trace that is the error itself."""
    if FAILURE.search(fold(text)) is None:  # most tell of none: one look instead of one a line
        return ""
    for line in reversed(text.split("\n")):
        if FAILURE.search(fold(line)):
            return line.strip()[:_FAILURE_CHARS]
    return ""


def _is_bare_number(name: str) -> bool:
    return not any(letter.isalpha() for letter in name)


def _names(text: str, ask: Ask, shown: str) -> list[str]:
    """Pins, then what later messages name, then what looks like an id, each once."""
    later = identifiers(ask.question.text) if ask.question else ()
    own = [text[a:b] for a, b in name_spans(text) if b - a >= _SHORTEST_NAME]
    own.sort(key=_is_bare_number)  # stable: what has letters in it tells more
    names: dict[str, None] = {}
    for name in chain(ask.pins, later, own):
        if len(names) >= _MOST_NAMES and name not in ask.pins:
            break
        if name and len(name) <= _NAME_CHARS and name in text and name not in shown and "\n" not in name:
            names.setdefault(name)
    return list(names)
