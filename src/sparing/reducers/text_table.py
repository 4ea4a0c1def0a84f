"""Tables written as text, a row to the line: comma, semicolon, tab or pipe between cells, quotes as in RFC 4180."""

from __future__ import annotations

import csv
import re
from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, compress, zip_longest

SEPARATORS = "\t;,|"

_MIN_RECORDS = 4
_SAMPLED = 200  # records that decide
_ALIKE = 0.9  # share of the records that have the same number of cells
_SPACED = 0.25  # cells that begin with a blank: above, commas are those of sentences unless the cells are typed
_TYPED, _ALL_TYPED = 0.4, 0.8
_LONG_CELL = 80  # characters on average; longer ones are sentences
_HEADER_CELL = re.compile(r"\s*[#\"]?[^\W\d][^\n]{0,60}")
_VALUE = re.compile(
    r"\s*(?:[-+]?[$€£¥]?\d[\d.,']*(?:[eE][-+]?\d+)?\s?[%€]?|\d{4}-\d\d-\d\d.{0,20}|\d\d?[/.]\d\d?[/.]\d{2,4}"
    r"|\d\d?:\d\d(?::\d\d)?|true|false|yes|no|null|none|nan|n/a)\s*",
    re.I,
)
_NO_NUMBER = re.compile(r"^(?!-?\d+(?:\.\d+)?$).*", re.M)  # a line that is no plain number
_NO_TABLE = re.compile(r"[\[{<(|>*\s]")


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table in a text.

    Attributes:
        names: One per column; empty where there is no header.
        columns: Cells of each column, one per row; "" where a row has none.
        widths: How many cells each row has.
        bounds: Where the rows are: n + 1 character offsets. What is before the first is the header.
    """

    names: Sequence[str]
    columns: Sequence[Sequence[str]]
    widths: Sequence[int]
    bounds: Sequence[int]


def separator_of(text: str) -> str | None:
    """What separates the cells; None where the text is no table.

    Args:
        text: The table or a sample of its lines.
    """
    if _NO_TABLE.match(text.lstrip("\ufeff\r\n")[:1]):
        return None
    lines = [line for line in text.split("\n") if line.strip()][:_SAMPLED]
    found = [(columns, separator) for separator in SEPARATORS if (columns := _num_columns(lines, separator))]
    return max(found)[1] if found else None


def likely_separator(text: str) -> str | None:
    """What separates the cells of a text that is known to be a table: the commonest separator of its first line."""
    line = text.lstrip("\ufeff\r\n").split("\n", 1)[0]
    best = max(SEPARATORS, key=line.count)
    return best if best in line else None


def read_table(text: str, separator: str) -> TextTable | None:
    """All rows of a table; None where its quotes cannot be read."""
    lines = text.split("\n")
    offsets = list(accumulate((len(line) + 1 for line in lines), initial=0))
    plain = '"' not in text and "\r" not in text and len(max(lines, key=len)) <= csv.field_size_limit()
    even = _read_even(lines, offsets, separator) if plain else None
    return even or _read_quoted(lines, offsets, separator)


def _read_even(lines: Sequence[str], offsets: Sequence[int], separator: str) -> TextTable | None:
    """All rows where none has quotes; None unless all have as many cells. No list per row, which is fast."""
    starts = [number for number, line in enumerate(lines) if line.strip(separator)]
    rows = [lines[start] for start in starts]
    widths = [row.count(separator) + 1 for row in rows]
    if not rows or widths.count(widths[0]) < len(widths):
        return None
    width = widths[0]
    cells = separator.join(rows).split(separator)
    bounds = [*(offsets[start] for start in starts), offsets[-1] - 1]
    if _is_header(cells[:width]):
        columns = [cells[k::width] for k in range(width, 2 * width)]
        return TextTable(cells[:width], columns if len(rows) > 1 else (), widths[1:], bounds[1:])
    return TextTable((), [cells[k::width] for k in range(width)], widths, bounds)


def _read_quoted(lines: Sequence[str], offsets: Sequence[int], separator: str) -> TextTable | None:
    """All rows, which may have quotes and line breaks in cells; None where the quotes cannot be read."""
    reader = csv.reader([line + "\n" for line in lines], delimiter=separator)
    records, starts, line = [], [], 0
    try:
        for record in reader:
            if any(record):
                records.append(record)
                starts.append(line)
            line = reader.line_num
    except csv.Error:
        return None
    bounds = [*(offsets[start] for start in starts), offsets[-1] - 1]
    names: Sequence[str] = ()
    if records and _is_header(records[0]):
        names, records, bounds = records[0], records[1:], bounds[1:]
    return TextTable(names, list(zip_longest(*records, fillvalue="")), list(map(len, records)), bounds)


def columns_of(table: TextTable) -> dict[str, Sequence[bytes]]:
    """Name -> one JSON literal per row, b"" where it has none; columns without a name are called by their number."""
    columns: dict[str, Sequence[bytes]] = {}
    for number, cells in enumerate(table.columns):
        name = table.names[number] if number < len(table.names) else ""
        columns[name if name and name not in columns else f"{name}#{number}"] = _literals(cells)
    return columns


def _literals(cells: Sequence[str]) -> list[bytes]:
    try:
        list(map(float, cells))
    except ValueError:
        unlike = list(dict.fromkeys(cells))
        literals = dict(zip(unlike, _unlike_literals(unlike), strict=True))
        return [literals[cell] for cell in cells]
    return "\n".join("\n".join(cells).split()).encode().split(b"\n")  # numbers have no blanks but around them


def _unlike_literals(cells: Sequence[str]) -> list[bytes]:
    lines = "\n".join(cells)
    if lines.count("\n") >= len(cells):  # line breaks in cells
        return [_literal(cell).encode("utf-8", "replace") for cell in cells]
    return _NO_NUMBER.sub(lambda line: _literal(line[0]), lines).encode("utf-8", "replace").split(b"\n")


def _literal(cell: str) -> str:
    text = cell.strip()
    if not text:
        return ""
    if text[-1].isdigit() and not text[0].isalpha():
        try:
            float(text)
        except ValueError:
            pass
        else:
            return text
    return f'"{text}"'


def _num_columns(lines: Sequence[str], separator: str) -> int:
    """How many columns the lines have by this separator, 0 where they make no table."""
    if not lines or separator not in lines[0]:
        return 0
    try:
        records = list(csv.reader([line + "\n" for line in lines], delimiter=separator))
    except csv.Error:
        return 0
    columns, often = Tally(map(len, records)).most_common(1)[0]
    if len(records) < _MIN_RECORDS or columns < 2 or often < _ALIKE * len(records):
        return 0
    rows = [record for record in records[1:] if len(record) == columns]
    return columns if _are_cells(records[0], rows, columns) else 0


def _are_cells(first: Sequence[str], rows: Sequence[Sequence[str]], columns: int) -> bool:
    cells = [cell for row in rows for cell in row]
    filled = [cell for cell in cells if cell.strip()]
    if not filled or sum(map(len, filled)) > _LONG_CELL * len(filled):
        return False
    typed = [bool(_VALUE.fullmatch(cell)) for cell in filled]
    share = sum(typed) / len(filled)
    headed = len(first) == columns and _is_header(first)
    if not headed and (share < _TYPED or not any(map(_VALUE.fullmatch, first))):
        return False
    spaced = sum(1 for cell in compress(filled, (not is_typed for is_typed in typed)) if cell[0] == " ")
    if spaced > _SPACED * len(filled):
        return False
    if columns > 2:
        return True
    # One comma to the line is common in many texts: a column has to be values, and without a header both.
    matching = [sum(1 for row in rows if _VALUE.fullmatch(row[k])) >= _ALL_TYPED * len(rows) for k in (0, 1)]
    return any(matching) if headed else all(matching)


def _is_header(cells: Sequence[str]) -> bool:
    """Names, each once, none of them a value."""
    return len(set(cells)) == len(cells) and all(
        _HEADER_CELL.fullmatch(cell) and not _VALUE.fullmatch(cell) for cell in cells
    )
