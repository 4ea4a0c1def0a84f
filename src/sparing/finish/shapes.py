"""Reading what a provider sent without trusting its shape: what is of another type counts as missing."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def as_object(value: object) -> Object:
    return value if isinstance(value, dict) else {}


def as_objects(value: object) -> list[Object]:
    """The objects of an array."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def as_text(value: object) -> str:
    return value if isinstance(value, str) else ""


def as_index(value: object, default: int = 0) -> int:
    return value if isinstance(value, int) else default


def without(members: Object, key: str) -> Object:
    """The object without one of its members."""
    return {name: value for name, value in members.items() if name != key}
