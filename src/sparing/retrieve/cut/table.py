"""Tables written as text: rows under their header row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import pairwise

from sparing.reducers.text_table import likely_separator, read_table, separator_of
from sparing.retrieve.cut.pack import Unit
from sparing.retrieve.cut.stretches import pieces

_SAMPLE = 1 << 14  # characters that tell the separator and the header
_LONGEST_HEADER = 600  # characters that stand above the other rows


def units(text: str, title: str = "") -> Iterator[Unit]:
    """The header row, then rows with it in their heads; lines where the quotes cannot be read."""
    heads = (title,) if title else ()
    sample = text[: text.rfind("\n", 0, _SAMPLE) + 1] or text[:_SAMPLE]
    separator = separator_of(sample) or likely_separator(text)
    table = read_table(sample, separator) if separator else None
    body = table.bounds[0] if table is not None and table.names else 0
    under = (*heads, text[:body].strip()[:_LONGEST_HEADER]) if body else heads
    yield from pieces(text, 0, body, heads)
    at = body
    try:
        for start, end in pairwise(_row_bounds(text, body, separator or ",")):
            yield from pieces(text, start, end, under)
            at = end
    except csv.Error:
        for start, end in pairwise(_line_bounds(text, at)):
            yield from pieces(text, start, end, under)


def _row_bounds(text: str, start: int, separator: str) -> Iterator[int]:
    """Where rows begin, and the end of the text; a row may go over several lines.

    Raises:
        csv.Error: The quotes cannot be read.
    """
    if '"' not in text:
        yield from _line_bounds(text, start)
        return
    bounds = _line_bounds(text, start)
    at = next(bounds)

    def lines() -> Iterator[str]:
        nonlocal at
        for end in bounds:
            line = text[at:end]
            at = end
            yield line if line.endswith("\n") else line + "\n"

    yield start
    for _ in csv.reader(lines(), delimiter=separator):
        yield at


def _line_bounds(text: str, start: int) -> Iterator[int]:
    yield start
    while start < len(text):
        start = text.find("\n", start) + 1 or len(text)
        yield start
