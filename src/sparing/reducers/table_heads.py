"""The head of a row, and the line that opens or closes its list: units, columns, what the numbers count.

Tables in prose are lines: cells between bars, or a name, a colon and a value. A line of such a block that is not built
like that is its head, or a note on all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_ROW = re.compile(r"[^\n]*\S[ \t]*(?:\||[:：][ \t]*\S)")
_RULE = re.compile(r"[ \t|:+=-]+\Z")
_MOST_LINES = 60  # looked at above and below a row
_CAPTION_CHARS = 160


def table_heads(text: str, bounds: Sequence[int], units: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(row, head or note) for each of these units that is a row of a table or a list."""
    for unit in units:
        if _is_row(text, bounds, unit):
            yield from ((unit, head) for head in _heads(text, bounds, unit))
            below = _note_below(text, bounds, unit)
            if below is not None:
                yield unit, below


def _heads(text: str, bounds: Sequence[int], row: int) -> Iterator[int]:
    """The nearest line above that is no row; where all are rows, the first with its rule, and what is above it."""
    first = row
    while first and row - first < _MOST_LINES and _continues(text, bounds, first):
        first -= 1
        if not _is_row(text, bounds, first) and not _RULE.match(text[bounds[first] : bounds[first + 1]].strip()):
            yield first
            return
    if first == row:
        return
    yield first
    if _RULE.match(text[bounds[first + 1] : bounds[first + 2]].strip()):
        yield first + 1
    if first and bounds[first] - bounds[first - 1] <= _CAPTION_CHARS:
        yield first - 1


def _note_below(text: str, bounds: Sequence[int], row: int) -> int | None:
    last, size = row, len(bounds) - 1
    while last + 1 < size and last - row < _MOST_LINES and _continues(text, bounds, last + 1):
        last += 1
        if not _is_row(text, bounds, last):
            return last
    return None


def _is_row(text: str, bounds: Sequence[int], unit: int) -> bool:
    end = bounds[unit + 1]
    return (text[end - 1] == "\n" or end == len(text)) and bool(_ROW.match(text, bounds[unit], end))


def _continues(text: str, bounds: Sequence[int], unit: int) -> bool:
    """Whether the unit begins on the next line after the one before it, without a blank line between."""
    start = bounds[unit]
    return text[start - 1] == "\n" and text[start - 2 : start] != "\n\n"
