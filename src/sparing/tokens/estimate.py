"""Estimates for families without a public vocabulary: a known vocabulary's count times a measured factor."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sparing.core.counter import Counter


class ScaledCounter:
    """Another family's exact count, scaled. Implements `core.counter.Counter`; never `exact`."""

    exact = False

    def __init__(self, name: str, base: Counter, factor: float) -> None:
        self.name = name
        self._base = base
        self._factor = factor

    def count(self, text: str) -> int:
        return round(self._base.count(text) * self._factor)

    def split(self, text: str, bounds: Sequence[int]) -> list[int]:
        return [round(n * self._factor) for n in self._base.split(text, bounds)]


class CharCounter:
    """Four UTF-8 bytes a token: for when a count has to cost nothing. Implements `core.counter.Counter`."""

    exact = False
    name = "bytes/4"

    def count(self, text: str) -> int:
        size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        return (size + 3) // 4

    def split(self, text: str, bounds: Sequence[int]) -> list[int]:
        if text.isascii():
            return [(b - a + 3) // 4 for a, b in pairwise(bounds)]
        return [self.count(text[a:b]) for a, b in pairwise(bounds)]
