"""Renditions of a span, from almost nothing to all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Elision:
    """What a rendition leaves out, in the units of the source.

    Attributes:
        start: First character left out, in the source text.
        end: One past the last.
        num_units: How many units (sentences, lines, rows, definitions) that is.
    """

    start: int
    end: int
    num_units: int


@dataclass(frozen=True, slots=True)
class Rendition:
    """An honest shorter form of a text, made of its own units.

    Attributes:
        tokens: As estimated by the ladder; the pipeline counts the final text exactly.
        worth: Chance, 0..1, that it still holds what the question needs.
        unit: Plural noun of what is counted in `elisions`: "sentences", "lines", "rows".
        elisions: What is left out, in source order; empty for a lossless rendition.
        reducer: Name and version, for example ``prose.v1``; where its units can be weighed in several ways, which was
            used: ``prose.v1/static``. Calibration goes by it.
        judged_by: What weighed its units, and why nothing better did (`core.selector.Judged.by`); "" where only one
            thing ever does.
    """

    text: str
    tokens: int
    worth: float
    unit: str
    elisions: tuple[Elision, ...]
    reducer: str
    judged_by: str = ""


class Ladder(Protocol):
    """The renditions a reducer offers, shortest first.

    `tokens` and `worth` are parallel, one entry per rung; tokens never decrease. The text of a rung is made only when
    it is asked for. The last rung is lossless: the source itself or a shorter form of it that says the same.
    """

    @property
    def reducer(self) -> str: ...

    @property
    def tokens(self) -> Sequence[int]: ...

    @property
    def worth(self) -> Sequence[float]: ...

    def render(self, rung: int) -> Rendition: ...


@dataclass(frozen=True, slots=True)
class Skip:
    """No ladder, and why."""

    reason: str
