"""Scalars and keys of the text notation: bare words where that is unambiguous, JSON strings where not."""

from __future__ import annotations

import json
import re
from typing import Any, Final

ABSENT: Final = object()
"""Stands for the value of a key that a record lacks."""

SAME: Final = "="
"""Stands for the rest of a row that began in the same way before."""

_STOPS = r'\s"\[\]{};\x00-\x1f\x7f'  # what ends a word or would be taken for notation
_NUMBER = r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?"
_WORD = re.compile(rf"(?!(?:true|false|null|[-=…]|{_NUMBER})\Z)[^{_STOPS}]+")
_TEXT = re.compile(rf"(?![-=…]\Z)[^{_STOPS}]+")  # where nothing but strings can stand
_KEY = re.compile(rf"[^{_STOPS}:=?]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(text: str) -> Any:
    """The document: numbers as the bytes of their literals, everything else as Python has it.

    Raises:
        ValueError: Not JSON, or an object repeats a key.
        RecursionError: Nested too deep.
    """
    return json.loads(
        text, parse_int=str.encode, parse_float=str.encode, parse_constant=_no_json, object_pairs_hook=_object
    )


def word(value: Any) -> str:
    """A scalar that `read_json` gave, or `ABSENT`."""
    if isinstance(value, str):
        return value if _WORD.fullmatch(value) else quoted(value)
    if isinstance(value, bytes):
        return value.decode()
    if value is None:
        return "null"
    if value is ABSENT:
        return "-"
    return "true" if value else "false"


def text_word(text: str) -> str:
    """A string where only strings can stand, so that one that looks like a number needs no quotes."""
    return text if _TEXT.fullmatch(text) else quoted(text)


def key_word(key: str) -> str:
    """The name of a field or column."""
    return key if _KEY.fullmatch(key) else quoted(key)


def quoted(text: str) -> str:
    """A JSON string; escaped only where it has to be."""
    return json.dumps(text, ensure_ascii=_SURROGATE.search(text) is not None)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("an object repeats a key")
    return fields


def _no_json(literal: str) -> Any:
    raise ValueError(f"{literal} is not JSON")
