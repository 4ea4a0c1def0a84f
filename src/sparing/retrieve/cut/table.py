"""Tables written as text: rows under their header row."""

from __future__ import annotations

from collections.abc import Iterator

from sparing.reducers.text_table import likely_separator, read_table, separator_of
from sparing.retrieve.cut.pack import Unit
from sparing.retrieve.cut.stretches import lines, pieces

_SAMPLE = 1 << 14  # characters that tell the separator
_LONGEST_HEADER = 600  # characters


def units(text: str, title: str = "") -> Iterator[Unit]:
    """The header row, then rows with it in their heads; lines where the table cannot be read."""
    heads = (title,) if title else ()
    sample = text[: text.rfind("\n", 0, _SAMPLE) + 1] or text[:_SAMPLE]
    separator = separator_of(sample) or likely_separator(text)
    table = read_table(text, separator) if separator else None
    if table is None:
        yield from lines(text, 0, len(text), heads)
        return
    yield from pieces(text, 0, table.bounds[0], heads)
    header = text[: table.bounds[0]].strip()
    under = (*heads, header[:_LONGEST_HEADER]) if table.names else heads
    for start, end in zip(table.bounds, [*table.bounds[1:-1], len(text)], strict=False):
        yield from pieces(text, start, end, under)
