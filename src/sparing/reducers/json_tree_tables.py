"""Lay the records of a container out in columns: a list of them, records under keys, or lists of them.

    [[{"n":1},{"n":2}],[{"n":3}]]  ->  {"columns":["n"],"row_groups":[[[1],[2]],[[3]]]}
    {"a":{"n":1},"b":{"n":2}}      ->  {"columns":["n"],"rows_by_key":{"a":[1],"b":[2]}}

Lists of records under keys become ``row_groups_by_key`` in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

import msgspec

from sparing.reducers.json_columns import Record, Table, columnar
from sparing.reducers.json_node import Node
from sparing.reducers.json_table import minify

_MIN_RECORDS = 2
_LONG_ROW = 1000  # characters; longer rows are better opened up than laid out in columns, unless columns save
_MIN_SAVED = 0.15  # this share

_TO_ITEM = re.compile(r"[\s,]*")


def lay_out(node: Node, values: Sequence[str]) -> bool:
    """Lay the children of a container out in columns, if that is shorter.

    Args:
        node: With one child per value.
        values: The children's literals in the source, without their keys.
    Returns:
        Whether the children are laid out, and so need no opening up.
    """
    starts = {value[0] for value in values}
    if starts == {"{"}:
        table = _table(values)
        if table is not None:
            _head(node, table, "rows", "rows")
            for child, row in zip(node.children, table.rows, strict=True):
                child.text = row.decode()
        return table is not None
    return starts == {"["} and len(values) > 1 and _lay_out_groups(node, values)


def _lay_out_groups(node: Node, values: Sequence[str]) -> bool:
    groups = [[bytes(raw).decode() for raw in msgspec.json.decode(value, type=list[msgspec.Raw])] for value in values]
    records = [record for group in groups for record in group]
    if any(record[0] != "{" for record in records):
        return False
    table = _table(records)
    if table is None:
        return False
    _head(node, table, "row_groups", "groups")
    rows = iter(table.rows)
    for child, value, group in zip(node.children, values, groups, strict=True):
        if not group:
            child.text = "[]"
            continue
        child.opens, child.closes, child.kind, child.unit = "[", "]", "[", "rows"
        at = child.end - len(value)
        for start, record in zip(item_starts(value, group), group, strict=True):
            place = (at + start, at + start + len(record))
            child.children.append(Node(*place, text=next(rows).decode(), parent=child))
    return True


def _head(node: Node, table: Table, name: str, unit: str) -> None:
    opens = table.head.decode().removesuffix('"rows":[')
    node.opens = f'{opens}"{name}_by_key":{{' if node.is_object else f'{opens}"{name}":['
    node.closes = "}}" if node.is_object else "]}"
    node.unit = unit


def _table(values: Sequence[str]) -> Table | None:
    """The records in columns, where they are alike enough and it saves enough."""
    if len(values) < _MIN_RECORDS:
        return None
    literals = [minify(value).encode() for value in values]
    records = msgspec.json.decode(b"[" + b",".join(literals) + b"]", type=list[Record])
    if len({tuple(record) for record in records}) > max(1, len(records) // 2):
        return None
    plain = sum(map(len, literals))
    table = columnar(records, literals)
    saved = plain - len(table.head) - sum(map(len, table.rows)) if table else 0
    return table if saved > (_MIN_SAVED * plain if plain > _LONG_ROW * len(literals) else 0) else None


def item_starts(literal: str, texts: Sequence[str]) -> list[int]:
    """Where the items of a list start: the same distance apart in nearly every list, else found one by one."""
    first = _end(_TO_ITEM, literal, 1)
    second = _end(_TO_ITEM, literal, first + len(texts[0]))
    between = literal[first + len(texts[0]) : second]
    if literal.startswith(between.join(texts), first):
        gap = len(between)
        return list(accumulate((len(text) + gap for text in texts[:-1]), initial=first))
    starts, position = [], 1
    for text in texts:
        starts.append(_end(_TO_ITEM, literal, position))
        position = starts[-1] + len(text)
    return starts


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
