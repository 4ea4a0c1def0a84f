"""Sums of what providers report."""

from __future__ import annotations

from typing import Any


def summed(usages: list[dict[str, Any]]) -> dict[str, Any]:
    """One usage object for several answers: counts are added, nested ones too; anything else is the newest's."""
    total: dict[str, Any] = {}
    for usage in usages:
        for name, value in usage.items():
            before = total.get(name)
            if isinstance(value, dict):
                total[name] = summed([before, value]) if isinstance(before, dict) else value
            elif _is_count(value) and _is_count(before):
                total[name] = before + value
            elif value is not None or name not in total:
                total[name] = value
    return total


def _is_count(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
