"""What the tiers are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sparing.core.selector import Sections


@dataclass(frozen=True, slots=True)
class Material:
    """A question and a text as word pieces, and what the rules say.

    Attributes:
        question: Piece numbers.
        units: Piece numbers of each unit.
        rules: Of each unit, over the best of them, 0..1.
    """

    question: Sequence[int]
    units: Sequence[Sequence[int]]
    sections: Sections
    rules: Sequence[float]
