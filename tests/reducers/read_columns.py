"""Read columnar JSON back into records, by the rules that a reader is told. Not for keys that have a dot of their own."""

from __future__ import annotations

from typing import Any


def records_of(value: Any) -> Any:
    """The document with every table of columns turned back into records."""
    if isinstance(value, dict) and "columns" in value:
        columns, same = value["columns"], value.get("same_in_all_rows", {})

        def read(row: Any) -> Any:
            return _record(columns, same, row)

        if "rows" in value:
            return list(map(read, value["rows"]))
        if "rows_by_key" in value:
            return {key: read(row) for key, row in value["rows_by_key"].items()}
        if "row_groups" in value:
            return [list(map(read, group)) for group in value["row_groups"]]
        if "row_groups_by_key" in value:
            return {key: list(map(read, group)) for key, group in value["row_groups_by_key"].items()}
    if isinstance(value, dict):
        return {key: records_of(item) for key, item in value.items()}
    return [records_of(item) for item in value] if isinstance(value, list) else value


def _record(columns: list[Any], same: dict[str, Any], row: Any) -> Any:
    if not isinstance(row, list):
        return row
    record: dict[str, Any] = {}
    for column, cell in zip(columns, row, strict=False):
        name, value = _cell(column, cell)
        _put(record, name, value)
    for name, value in same.items():
        _put(record, name, value)
    if len(row) > len(columns):
        record.update(row[len(columns)])
    return record


def _cell(column: Any, cell: Any) -> tuple[str, Any]:
    if isinstance(column, str):
        return column, cell
    ((name, keys),) = column.items()
    if cell is None:
        return name, None
    if isinstance(keys[0], list):
        return name, [dict(zip(keys[0], item, strict=True)) for item in cell]
    return name, dict(zip(keys, cell, strict=True))


def _put(record: dict[str, Any], name: str, value: Any) -> None:
    *above, last = name.split(".")
    for key in above:
        record = record.setdefault(key, {})
    record[last] = value
