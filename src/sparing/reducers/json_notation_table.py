"""Tables of the text notation: a header that names every key once, a line per record.

    [sku from{city zip""} n currency:EUR      sku, from.city, from.zip (all strings), n; EUR in every row
    x1 Lisbon 1100 2
    y9 Porto 4000 -                           no n
    x1 =                                      the record that began with x1 before, once more
    z3 Faro 8000 1 {note:late}]               a further key

Records under keys stand between braces and start with their key: ``{key=id name``, where ``key=id`` says that every
record repeats its key as ``id``. ``a=b`` in a header: column a has the strings of column b. A column ``ship{by at}?``
has its cells in braces, or null; ``items[sku n]`` has lists of records: ``[x1 2; y9 1]``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import msgspec

from sparing.reducers.json_words import ABSENT, SAME, key_word, text_word, word

Record = dict[str, Any]
Item = Callable[[Any], str]
"""Writes any value such that it ends at the next blank outside brackets."""

_KEY_TOKENS = 3  # about what naming a key costs in a record; the dash for one that is absent costs one
_FEW = 8  # keys of a lone record that are easily told apart in a header
_SHORT = 2  # cells of a record that are not worth a reference


@dataclass(frozen=True, slots=True)
class Column:
    """One entry of a header.

    Attributes:
        name: The key, as a word.
        spec: What stands in the header.
        cells: One per row; None where the header says it all.
        strings: Whether every cell is a string.
    """

    name: str
    spec: str
    cells: Sequence[str] | None
    strings: bool = False


@dataclass(frozen=True, slots=True)
class TextTable:
    """A header and the line of each record.

    Attributes:
        names: The first cell of each line, where that tells the lines apart and saves something; else empty.
    """

    header: str
    rows: Sequence[str]
    names: Sequence[str] = ()


def records_table(records: Sequence[Record], item: Item) -> str | None:
    """A list of records; None where they have too little in common.

    Raises:
        UnicodeEncodeError: A string holds half a character.
    """
    table = text_table(records, item)
    return f"[{table.header}\n{_lines(table.rows)}]" if table else None


def grouped_table(groups: Sequence[Sequence[Any]], item: Item) -> str | None:
    """Lists of records that share a header, an empty line between two lists."""
    if len(groups) < 2 or not all(groups) or any(type(record) is not dict for group in groups for record in group):
        return None
    table = text_table(list(chain.from_iterable(groups)), item)
    if table is None:
        return None
    rows = iter(table.rows)
    blocks = [_lines([next(rows) for _ in group]) for group in groups]
    return f"[[{table.header}\n" + "\n\n".join(blocks) + "]]"


def keyed_table(records: Record, item: Item) -> str | None:
    """Records under keys."""
    if len(records) < 2 or any(type(record) is not dict for record in records.values()):
        return None
    table = _table(list(records.values()), item, lambda columns: _keyed(columns, list(records)))
    return f"{{{table.header}\n{_lines(table.rows)}}}" if table else None


def text_table(records: Sequence[Record], item: Item, *, every_key: bool = False) -> TextTable | None:
    """Lay records out, one that stood above before by its first cell; None where they have too little in common.

    Args:
        every_key: Whether every key has to have a column.
    """
    prints = list(map(msgspec.msgpack.encode, records))
    unlike = dict(zip(prints, records, strict=True))
    if len(unlike) == len(records):
        return _table(records, item, lambda columns: columns, every_key)
    table = _table(list(unlike.values()), item, _telling_first, every_key)
    if table is None:
        return None
    number = {print_: i for i, print_ in enumerate(unlike)}
    return replace(table, rows=_referring(table, [number[print_] for print_ in prints]))


def _lines(rows: Sequence[str]) -> str:
    return "\n".join(rows)


def _table(
    records: Sequence[Record],
    item: Item,
    arrange: Callable[[Sequence[Column]], Sequence[Column]],
    every_key: bool = False,
) -> TextTable | None:
    keys, further = _split_keys(records, every_key)
    if not keys:
        return None
    columns = _aliased(arrange([_column(key, [record.get(key, ABSENT) for record in records], item) for key in keys]))
    cells = [column.cells for column in columns if column.cells is not None]
    rows = list(map(" ".join, zip(*cells, strict=True)))
    if not rows:
        return None
    if further:
        rows = [_with_further(row, record, further, item) for row, record in zip(rows, records, strict=True)]
    names = cells[0] if _tells(columns[0]) and len(cells) > _SHORT else ()
    return TextTable(" ".join([column.spec for column in columns]), rows, names)


def _split_keys(records: Sequence[Record], every_key: bool) -> tuple[list[str], frozenset[str]]:
    """Keys that are worth a column, in the order they first come, and the others; no keys where a table is not."""
    size = len(records)
    first = records[0]
    if size == 1:
        return (list(first), frozenset()) if len(first) <= _FEW else ([], frozenset())
    if all(record.keys() == first.keys() for record in records):
        return list(first), frozenset()
    often: dict[str, int] = {}
    for record in records:
        for key in record:
            often[key] = often.get(key, 0) + 1
    gain = {key: _KEY_TOKENS * (count - 1) - (size - count) for key, count in often.items()}
    keys = [key for key in often if every_key or gain[key] > 0]
    further = frozenset(often).difference(keys)
    others = sum(not further.isdisjoint(record) for record in records)
    return (keys, further) if sum(gain[key] for key in keys) > _KEY_TOKENS * others else ([], frozenset())


def _with_further(row: str, record: Record, further: frozenset[str], item: Item) -> str:
    """The row and, in braces of their own, the keys that have no column."""
    extra = [f"{key_word(key)}:{item(value)}" for key, value in record.items() if key in further]
    return f"{row} {{{' '.join(extra)}}}" if extra else row


def _column(key: str, values: list[Any], item: Item) -> Column:
    name = key_word(key)
    if len(values) > 1 and values.count(values[0]) == len(values):
        return Column(name, f"{name}:{item(values[0])}", None)
    kinds = set(map(type, values))
    if kinds == {str}:
        return _strings(name, values)
    nested = None
    if dict in kinds and kinds <= {dict, type(None), object}:
        nested = _records(name, values, item)
    elif list in kinds and kinds <= {list, type(None), object}:
        nested = _lists(name, values, item)
    return nested or Column(name, name, list(map(item, values)))


def _strings(name: str, values: list[str]) -> Column:
    """Strings; where some look like numbers the header says that they are none."""
    plain, bare = list(map(word, values)), list(map(text_word, values))
    return Column(name, name if plain == bare else f'{name}""', bare, strings=True)


def _records(name: str, values: list[Any], item: Item) -> Column | None:
    """Records in a column: cell beside cell, or in braces where some rows have none."""
    inner = _inner([value for value in values if type(value) is dict], item)
    if inner is None:
        return None
    if len(inner.rows) == len(values):
        return Column(name, f"{name}{{{inner.header}}}", inner.rows)
    rows = iter(inner.rows)
    cells = [f"{{{next(rows)}}}" if type(value) is dict else word(value) for value in values]
    return Column(name, f"{name}{{{inner.header}}}?", cells)


def _lists(name: str, values: list[Any], item: Item) -> Column | None:
    """Lists of records in a column."""
    flat = [record for value in values if type(value) is list for record in value]
    if any(type(record) is not dict for record in flat):
        return None
    inner = _inner(flat, item)
    if inner is None:
        return None
    rows = iter(inner.rows)
    cells = [f"[{'; '.join([next(rows) for _ in value])}]" if type(value) is list else word(value) for value in values]
    return Column(name, f"{name}[{inner.header}]", cells)


def _inner(records: Sequence[Record], item: Item) -> TextTable | None:
    """A table inside rows: no record has further keys, so that a reader sees where it ends."""
    return text_table(records, item, every_key=True) if len(records) > 1 else None


def _keyed(columns: Sequence[Column], row_keys: Sequence[str]) -> list[Column]:
    """The columns behind one for the keys, which takes the place of a column that repeats them."""
    cells = list(map(text_word, row_keys))
    same = next((column for column in columns if column.strings and column.cells == cells), None)
    if same is None:
        return [Column("", "key", cells), *columns]
    return [replace(same, spec=f"key={same.spec}"), *(column for column in columns if column is not same)]


def _telling_first(columns: Sequence[Column]) -> Sequence[Column]:
    """The columns, one whose cells name the rows in front."""
    telling = next(filter(_tells, columns), None)
    return columns if telling is None else [telling, *(column for column in columns if column is not telling)]


def _tells(column: Column) -> bool:
    return column.strings and column.cells is not None and len(set(column.cells)) == len(column.cells)


def _aliased(columns: Sequence[Column]) -> list[Column]:
    """The columns, those with the strings of an earlier one pointing to it."""
    first: dict[tuple[str, ...], Column] = {}
    aliased = []
    for column in columns:
        if column.strings and column.cells is not None and len(column.cells) > 1:
            like = first.setdefault(tuple(column.cells), column)
            if like is not column:
                aliased.append(Column(column.name, f"{column.name}={like.name}", None))
                continue
        aliased.append(column)
    return aliased


def _referring(table: TextTable, numbers: Sequence[int]) -> list[str]:
    """The lines with these numbers; one that stood before is named by its first cell."""
    seen: set[int] = set()
    lines = []
    for number in numbers:
        lines.append(f"{table.names[number]} {SAME}" if table.names and number in seen else table.rows[number])
        seen.add(number)
    return lines
