"""JSON as text for a reader: the same values without quotes and commas, every key of like records once.

    {"id": "A7", "paid": true, "items": [{"sku": "x1", "n": 2}, {"sku": "y9", "n": 1}], "tags": ["new", "to go"]}

becomes

    id:A7 paid:true items:[sku n
    x1 2
    y9 1] tags:[new "to go"]

It is lossless (`docs/json-text.md` has the grammar). Numbers and strings are written as they are; a string is quoted
only where it would be taken for something else.
"""

from __future__ import annotations

import json
from typing import Any

from sparing.reducers.json_notation_table import grouped_table, keyed_table, records_table
from sparing.reducers.json_words import key_word, read_json, text_word, word

_BLANK = "\ufeff \t\r\n"
_SCALARS = frozenset({str, bytes, bool, type(None)})
_BETWEEN_LISTS = ";\n"


def json_as_text(text: str) -> str | None:
    """The document in text notation; None where it is a mere scalar, repeats a key, or cannot be read.

    JSON lines are written as the list of their records.
    """
    try:
        value = _read(text.strip(_BLANK))
        return document(value) if isinstance(value, dict | list) and value else None
    except (ValueError, RecursionError):
        return None


def _read(source: str) -> Any:
    try:
        return read_json(source)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise
        return list(map(read_json, filter(str.strip, source.split("\n"))))


def document(value: Any) -> str:
    """A whole document: the outermost object needs no braces.

    Raises:
        RecursionError: Nested too deep.
    """
    if isinstance(value, dict) and value:
        return keyed_table(value, _cell) or fields(value)
    return item(value)


def fields(record: dict[str, Any]) -> str:
    """``key:value`` of every member, with blanks between them."""
    return " ".join([f"{key_word(key)}:{item(value)}" for key, value in record.items()])


def item(value: Any) -> str:
    """Any value, such that it ends at the next blank outside brackets."""
    if isinstance(value, dict):
        return keyed_table(value, _cell) or f"{{{fields(value)}}}"
    if isinstance(value, list):
        return _list(value)
    return word(value)


def _cell(value: Any) -> str:
    """The same inside a table: on one line, so that a line is a record."""
    if isinstance(value, dict):
        return f"{{{' '.join([f'{key_word(key)}:{_cell(inner)}' for key, inner in value.items()])}}}"
    if isinstance(value, list):
        return _strings(value) or f"[{' '.join(map(_cell, value))}]"
    return word(value)


def _list(values: list[Any]) -> str:
    kinds = set(map(type, values))
    if kinds == {dict}:
        table = records_table(values, _cell)
    elif kinds == {list}:
        table = grouped_table(values, _cell) or _rows(values)
    else:
        table = _strings(values)
    return table or f"[{' '.join(map(item, values))}]"


def _strings(values: list[Any]) -> str | None:
    """Strings of which some look like numbers: the list says once that they are none."""
    if len(values) < 2 or set(map(type, values)) != {str}:
        return None
    bare = list(map(text_word, values))
    return None if bare == list(map(word, values)) else f'""[{" ".join(bare)}]'


def _rows(lists: list[list[Any]]) -> str | None:
    """Lists of scalars in a list, as a database gives its rows: one to the line."""
    if len(lists) < 2 or any(not values or not _SCALARS.issuperset(map(type, values)) for values in lists):
        return None
    return f"[{_BETWEEN_LISTS.join([' '.join(map(word, values)) for values in lists])}]"
