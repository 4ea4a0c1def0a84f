"""Passages to cite in tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sparing.core.passage import Passage


@dataclass(frozen=True)
class Numbered:
    """A passage as it goes to the model."""

    number: int
    passage: Passage
    text: str


@dataclass(frozen=True)
class Gathered:
    """What was retrieved."""

    sources: Sequence[Numbered]


def numbered(*texts: str, heads: str = "") -> list[Numbered]:
    """Passages 1, 2, ... of ``doc1.md``, ``doc2.md``, ..."""
    return [
        Numbered(n, Passage(n, f"doc{n}.md", 0, text, f"digest{n}", heads, f"lines {n}-{n + 2}"), text)
        for n, text in enumerate(texts, 1)
    ]


GAME = (
    "The Denver Broncos won Super Bowl 50 on February 7, 2016. The game was played at Levi's Stadium in Santa Clara. "
    "The Panthers did not score a touchdown in the first quarter."
)
PETS = (
    "Tenants may keep pets of up to 10 kg. Dogs of listed breeds are not allowed, except assistance dogs. The deposit "
    "is $1,200 and is returned within thirty days."
)
