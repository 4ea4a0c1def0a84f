"""JSON read and written so that every number stays as it was spelled."""

from __future__ import annotations

import json
import re
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")


class Number(str):
    """The spelling of a number."""

    __slots__ = ()


class DuplicateKeyError(ValueError):
    """An object names a member twice: which one counts is the reader's choice."""


def read(text: str) -> Any:
    """A JSON value; its numbers are `Number`.

    Raises:
        ValueError: Not JSON, or NaN or Infinity, or an object with a member twice.
        RecursionError: Nested too deeply.
    """
    return json.loads(
        text, parse_int=Number, parse_float=Number, parse_constant=_refuse, object_pairs_hook=_without_duplicates
    )


def write(value: Any) -> str:
    """The shortest JSON of what `read` returned: no blanks, non-ASCII as it is."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Number():
            return str(value)
        case str():
            return _SURROGATE.sub(_escape, json.dumps(value, ensure_ascii=False))
        case dict():
            return "{" + ",".join([f"{write(key)}:{write(inner)}" for key, inner in value.items()]) + "}"
        case _:
            return "[" + ",".join([write(inner) for inner in value]) + "]"


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise DuplicateKeyError("an object names a member twice")
    return members
