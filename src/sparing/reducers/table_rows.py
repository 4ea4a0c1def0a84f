"""Tables of text (CSV and its kin): the header and the rows that matter, each as it was written.

Rows are weighed like the records of a JSON array (`json_worth`); a run that is left out reads ``[… 12 rows]``.
"""

from __future__ import annotations

from sparing.core.content import Content
from sparing.core.ladder import Ladder, Skip
from sparing.core.reducer import Ask
from sparing.reducers.json_row_ladder import row_order
from sparing.reducers.json_worth import row_worths
from sparing.reducers.line_ladder import line_ladder
from sparing.reducers.text_table import columns_of, likely_separator, read_table, separator_of
from sparing.reducers.units import Units, line_gap

_MIN_ROWS = 3
_SAMPLE = 1 << 14  # characters that tell the separator


class TableRows:
    """Offers rows of a table written as text. Implements `core.reducer.Reducer`."""

    name = "table_rows.v1"
    content = frozenset({str(Content.TABLE)})

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        """A rung per row; the last is the text itself."""
        ask.deadline.check()
        separator = separator_of(_start(text)) or likely_separator(text)
        table = read_table(text, separator) if separator else None
        if table is None:
            return Skip("not a table of text")
        if len(table.widths) < _MIN_ROWS:
            return Skip(f"fewer than {_MIN_ROWS} rows")
        ask.deadline.check()
        columns = columns_of(table)
        ask.deadline.check()
        worth = row_worths(text, table.bounds, columns, table.widths, ask)
        order, must = row_order(text, table.bounds, worth, ask)
        gap = line_gap("rows")
        return line_ladder(
            Units(text, table.bounds, worth, "rows", gap, self.name, order=order, must=must), ask.counter
        )


def _start(text: str) -> str:
    """Whole lines from the start of a text."""
    return text if len(text) <= _SAMPLE else text[: text.rfind("\n", 0, _SAMPLE) + 1] or text[:_SAMPLE]
