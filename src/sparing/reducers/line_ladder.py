"""A ladder of lines that never leaves out less than it takes to say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress

from sparing.core.counter import Counter
from sparing.core.ladder import Rendition
from sparing.reducers.units import UnitLadder, Units, assemble, unit_ladder


@dataclass(frozen=True)
class LineLadder(UnitLadder):
    """As `UnitLadder`, but runs of lines that are shorter than the mark for their absence are shown after all.

    Attributes:
        costs: Tokens of each line.
        mark_tokens: Tokens of a mark.
    """

    costs: Sequence[int] = ()
    mark_tokens: int = 0

    def render(self, rung: int) -> Rendition:
        kept = bytearray(len(self.costs))
        for line in self.order[: self.first + rung]:
            kept[line] = 1
        start = kept.find(0)
        while start >= 0:
            end = kept.find(1, start)
            end = len(kept) if end < 0 else end
            if sum(self.costs[start:end]) <= self.mark_tokens:
                kept[start:end] = b"\x01" * (end - start)
            start = kept.find(0, end)
        text, elisions = assemble(self.units, compress(range(len(kept)), kept))
        return Rendition(text, self.tokens[rung], self.worth[rung], self.units.unit, elisions, self.reducer)


def line_starts(text: str) -> list[int]:
    """Where each line begins that is not blank; blank lines go with the line above."""
    starts = []
    at = 0
    for line in text.split("\n"):
        if line.strip():
            starts.append(at)
        at += len(line) + 1
    return starts


def line_ladder(units: Units, counter: Counter) -> LineLadder:
    """The ladder of units that are lines."""
    costs = units.tokens if units.tokens is not None else counter.split(units.text, units.bounds)
    inner = unit_ladder(replace(units, tokens=costs), counter)
    mark_tokens = counter.count(units.gap(100)) + 1
    return LineLadder(
        inner.units, inner.order, inner.first, inner.tokens, inner.worth, units.reducer, costs, mark_tokens
    )
