"""Arrays of records: columns first, which loses nothing, then fewer rows.

Rows stay by what they have to do with the question, by how unusual they are, and by an even spread over the rest. Every
rung is valid JSON: a run of rows that is left out reads ``"… 12 rows"``, and where the table has categories (a status,
a level) their counts over all rows left out stand behind the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import msgspec

from sparing.core.content import Content
from sparing.core.ladder import Ladder, Skip
from sparing.core.reducer import Ask
from sparing.reducers.json_columns import Record, Table, columnar
from sparing.reducers.json_notation_ladder import in_text
from sparing.reducers.json_object import JsonObject
from sparing.reducers.json_row_ladder import Layout, row_ladder
from sparing.reducers.json_table import NoTableError, Records, find_records
from sparing.reducers.json_worth import row_worths
from sparing.reducers.stacked_ladder import stacked

_MIN_ROWS = 3
_LONG_HEAD = 0.1  # share of all tokens above which what stands around the rows can be shortened too
_SHORT_ROW = 24  # characters; below, a line break after each row costs more than it helps the reader


class JsonRows:
    """Offers rows of a JSON array, an array inside an object, or JSON lines. Implements `core.reducer.Reducer`."""

    name = "json_rows.v1"
    content = frozenset({str(Content.JSON_ROWS)})

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        """A rung per row; the last is columnar or minified JSON, or the text itself where that is no shorter.

        Where nobody parses it, rungs are in text notation.
        """
        ladder = self._propose(text, ask)
        return in_text(ladder, text, ask, self.name) if ask.text_form else ladder

    def _propose(self, text: str, ask: Ask) -> Ladder | Skip:
        ask.deadline.check()
        try:
            records = find_records(text)
        except NoTableError as error:
            return Skip(str(error))
        if len(records.rows) < _MIN_ROWS:
            return Skip(f"fewer than {_MIN_ROWS} rows")
        parsed = _parse(records.rows)
        ask.deadline.check()
        table = columnar(parsed, records.rows) if parsed else None
        layout = _lay_out(records, table)
        if _loses(layout.text, text, ask.pins):  # a pinned key or constant is written once in columns
            layout = _lay_out(records, None)
        if _loses(layout.text, text, ask.pins):
            return Skip("a pinned string would be re-formatted")
        columns = _full_columns(table, len(records.rows))
        shapes: Sequence[object] = [tuple(record) for record in parsed] or [row[:1] for row in records.rows]
        ask.deadline.check()
        worth = row_worths(layout.text, layout.bounds, columns, shapes, ask)
        ladder = row_ladder(text, layout, worth, columns, ask, self.name)
        if ladder.tokens[0] <= _LONG_HEAD * ladder.tokens[-1] or records.lines:
            return ladder
        lower = JsonObject().propose(text, replace(ask, text_form=False))
        return ladder if isinstance(lower, Skip) else stacked(lower, ladder)


def _loses(layout: str, text: str, pins: tuple[str, ...]) -> bool:
    return any(pin and layout.count(pin) < text.count(pin) for pin in pins)


def _parse(rows: Sequence[bytes]) -> list[Record]:
    """The rows as records; empty where some are not objects."""
    try:
        return msgspec.json.decode(b"[" + b",".join(rows) + b"]", type=list[Record])
    except msgspec.DecodeError:
        return []


def _lay_out(records: Records, table: Table | None) -> Layout:
    separator = "\n" if records.lines else ","
    rows = records.rows
    head, tail = ("", "") if records.lines else (records.head + "[", "]" + records.tail)
    plain_size = len(head) + len(tail) + sum(map(len, rows))
    if table is not None:
        extra = len(records.head) + len(records.tail)
        columnar_size = len(table.head) + len(table.tail) + extra + sum(map(len, table.rows))
        if columnar_size < plain_size:
            rows, separator = table.rows, ",\n" if columnar_size > _SHORT_ROW * len(rows) else ","
            head, tail = records.head + table.head.decode(), table.tail.decode() + records.tail
        else:
            table = None
    texts = [row.decode() for row in rows]
    bounds = list(accumulate((len(row) + len(separator) for row in texts), initial=len(head)))
    bounds[-1] -= len(separator)
    text = head + separator.join(texts) + tail
    return Layout(text, bounds, rows, records.starts, separator, table is not None)


def _full_columns(table: Table | None, num_rows: int) -> dict[str, Sequence[bytes]]:
    """Name -> one cell per row, b"" for rows that stand outside the columns."""
    if table is None:
        return {}
    if len(table.members) == num_rows:
        return {column.name: column.cells for column in table.columns}
    full: dict[str, Sequence[bytes]] = {}
    for column in table.columns:
        cells = [b""] * num_rows
        for i, cell in zip(table.members, column.cells, strict=True):
            cells[i] = cell
        full[column.name] = cells
    return full
