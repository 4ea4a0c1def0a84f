"""Records as columns: every key written once, every value kept as it was written.

    [{"id":1,"user":{"name":"a"},"cur":"EUR"},{"id":2,"user":{"name":"b"},"cur":"EUR","note":"x"}]

becomes

    {"same_in_all_rows":{"cur":"EUR"},"columns":["id","user.name"],"rows":[[1,"a"],[2,"b",{"note":"x"}]]}

A row's further keys follow its cells as an object; a row that lacks one of the columns stays an object. A column that
is itself an object names the columns of its cells: ``{"item":["sku","n"]}`` where a cell is one record or null,
``{"items":[["sku","n"]]}`` where it is a list of records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

Cells = list[bytes]

_DEPTH = 6  # of objects inside cells that are taken apart
_MAX_SHAPES = 500  # distinct sets of keys that are weighed against each other


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: Path of keys with dots, as a reader would name it.
        spec: What stands for it in the list of columns, as JSON.
        cells: One JSON literal per array row.
    """

    name: str
    spec: bytes
    cells: Cells


@dataclass(frozen=True, slots=True)
class Table:
    """Records in columns.

    Attributes:
        head: JSON up to and including the bracket that opens the rows.
        rows: One JSON literal per record, in order: an array, or an object where a record does not fit the columns.
        tail: What closes `head`.
        columns: Those that differ from row to row, for judging rows; cells belong to `members`.
        members: Indexes of the rows that are arrays.
    """

    head: bytes
    rows: Cells
    tail: bytes
    columns: tuple[Column, ...]
    members: Sequence[int]


Record = dict[str, msgspec.Raw]


def columnar(records: Sequence[Record], literals: Sequence[bytes]) -> Table | None:
    """Lay records out in columns; None where they have too little in common.

    Args:
        records: Parsed rows, values as they were written.
        literals: The same rows as minified JSON.
    """
    shapes = _shapes(records, literals)
    keys = _common_keys(shapes, len(records))
    if not keys:
        return None
    wanted = set(keys)
    fitting = {i for shape, indexes in shapes.items() if wanted.issubset(shape) for i in indexes}
    members = sorted(fitting)
    depth = 0 if any("." in key for key in keys) else _DEPTH  # a dotted key could be taken for a path
    columns = [c for key in keys for c in _take_apart(key, [bytes(records[i][key]) for i in members], depth)]
    same = [c for c in columns if c.cells.count(c.cells[0]) == len(records)]
    varying = [c for c in columns if c.cells.count(c.cells[0]) != len(records)]
    rows = list(literals)
    extras = _extras(records, shapes, wanted)
    by_row = zip(*(c.cells for c in varying), strict=True) if varying else iter([()] * len(members))
    for i, cells in zip(members, by_row, strict=True):
        rows[i] = b"[" + b",".join((*cells, extras[i]) if i in extras else cells) + b"]"
    head = b'"columns":[' + b",".join(c.spec for c in varying) + b'],"rows":['
    if same:
        head = b'"same_in_all_rows":{' + b",".join(c.spec + b":" + c.cells[0] for c in same) + b"}," + head
    return Table(b"{" + head, rows, b"]}", tuple(varying), members)


def _shapes(records: Sequence[Record], literals: Sequence[bytes]) -> dict[tuple[str, ...], list[int]]:
    """Sets of keys -> rows that have them. Rows that repeat a key or escape one are in none: they stay as they are."""
    shapes: dict[tuple[str, ...], list[int]] = {}
    for i, record in enumerate(records):
        shapes.setdefault(tuple(record), []).append(i)
    for keys, indexes in shapes.items():
        overhead = _overhead(keys)
        shapes[keys] = [i for i in indexes if len(b",".join(records[i].values())) + overhead == len(literals[i])]
    return {keys: indexes for keys, indexes in shapes.items() if indexes}


def _overhead(keys: tuple[str, ...]) -> int:
    """Bytes of a minified object beside its values and the commas between them."""
    return 2 + sum(len(_literal(key)) + 1 for key in keys)


def _literal(key: str) -> bytes:
    return msgspec.json.encode(key)


def _common_keys(shapes: dict[tuple[str, ...], list[int]], num_records: int) -> list[str]:
    """The keys that save most when written once: the commonest k keys for the best k."""
    often: dict[str, int] = {}
    for keys, indexes in shapes.items():
        for key in keys:
            often[key] = often.get(key, 0) + len(indexes)
    ranked = sorted(often, key=lambda key: -often[key])
    if len(shapes) > _MAX_SHAPES:
        return [key for key in ranked if often[key] == num_records]
    best, best_saved, saved_per_row, remaining = 0, 0, 0, list(shapes.items())
    for size, key in enumerate(ranked, 1):
        remaining = [(keys, indexes) for keys, indexes in remaining if key in keys]
        saved_per_row += len(_literal(key)) + 1
        saved = saved_per_row * (sum(len(indexes) for _, indexes in remaining) - 1)
        if saved > best_saved:
            best, best_saved = size, saved
    chosen = set(ranked[:best])
    order = dict.fromkeys(key for keys in sorted(shapes, key=lambda keys: -len(shapes[keys])) for key in keys)
    return [key for key in order if key in chosen]


def _extras(records: Sequence[Record], shapes: dict[tuple[str, ...], list[int]], wanted: set[str]) -> dict[int, bytes]:
    extras: dict[int, bytes] = {}
    for keys, indexes in shapes.items():
        further = [key for key in keys if key not in wanted]
        if not further or not wanted.issubset(keys):
            continue
        for i in indexes:
            extras[i] = b"{" + b",".join(_literal(key) + b":" + bytes(records[i][key]) for key in further) + b"}"
    return extras


def _take_apart(name: str, cells: Cells, depth: int) -> list[Column]:
    """The column itself, or the columns of the objects in its cells."""
    whole = [Column(name, _literal(name), cells)]
    starts = {cell[:1] for cell in cells}
    if depth == 0 or cells.count(cells[0]) == len(cells):
        return whole
    if starts == {b"{"}:
        return _objects(name, cells, depth) or whole
    if starts == {b"{", b"n"}:
        return _optional_objects(name, cells) or whole
    if starts <= {b"[", b"n"}:
        return _lists(name, cells) or whole
    return whole


def _objects(name: str, cells: Cells, depth: int) -> list[Column] | None:
    """Objects with the same keys become columns of their own: ``user.name``."""
    records, keys = _same_keys(cells)
    if not keys or "." in name + "".join(keys):
        return _optional_objects(name, cells) if keys else None
    return [
        column
        for key in keys
        for column in _dotted(name, _take_apart(key, [bytes(record[key]) for record in records], depth - 1))
    ]


def _dotted(name: str, columns: list[Column]) -> list[Column]:
    """Put a name before the columns of its objects."""
    prefix = _literal(name)[:-1] + b"."
    renamed = []
    for column in columns:
        opens = 2 if column.spec[:1] == b"{" else 1  # a column that is an object starts with {"name
        renamed.append(
            Column(f"{name}.{column.name}", column.spec[: opens - 1] + prefix + column.spec[opens:], column.cells)
        )
    return renamed


def _optional_objects(name: str, cells: Cells) -> list[Column] | None:
    """Objects with the same keys, some of them null: the cell keeps its brackets."""
    at = [i for i, cell in enumerate(cells) if cell[:1] == b"{"]
    records, keys = _same_keys([cells[i] for i in at])
    if not keys or len(at) < 2:
        return None
    packed = list(cells)
    for i, record in zip(at, records, strict=True):
        packed[i] = b"[" + b",".join(record.values()) + b"]"
    return [Column(name, b"{" + _literal(name) + b":" + msgspec.json.encode(keys) + b"}", packed)]


def _lists(name: str, cells: Cells) -> list[Column] | None:
    """Lists of records with the same keys."""
    filled = [i for i, cell in enumerate(cells) if cell[:2] == b"[{"]
    if any(cells[i] not in (b"[]", b"null") for i in set(range(len(cells))).difference(filled)):
        return None
    lists = _decode([cells[i] for i in filled], list[list[msgspec.Raw]])
    if lists is None:
        return None
    flat = [bytes(item) for items in lists for item in items]
    records, keys = _same_keys(flat)
    if not keys or len(flat) < 2:
        return None
    packed = list(cells)
    rows = iter(records)
    for i, items in zip(filled, lists, strict=True):
        packed[i] = b"[[" + b"],[".join(b",".join(next(rows).values()) for _ in items) + b"]]"
    return [Column(name, b"{" + _literal(name) + b":[" + msgspec.json.encode(keys) + b"]}", packed)]


def _same_keys(cells: Cells) -> tuple[list[Record], tuple[str, ...]]:
    """The cells as records and their keys, if all have the same in the same order and none is repeated or escaped."""
    records = _decode(cells, list[Record])
    if not records:
        return [], ()
    keys = tuple(records[0])
    overhead = _overhead(keys)
    for record, cell in zip(records, cells, strict=True):
        if tuple(record) != keys or len(b",".join(record.values())) + overhead != len(cell):
            return [], ()
    return records, keys


def _decode(cells: Cells, of: Any) -> Any:
    try:
        return msgspec.json.decode(b"[" + b",".join(cells) + b"]", type=of)
    except (msgspec.DecodeError, RecursionError):
        return None
