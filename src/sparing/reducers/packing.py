"""Rungs between the rungs: where the next unit is too long for a small budget, shorter ones down the order fill it.

At a twentieth of a text that is three or four sentences, and the room that a sentence too long leaves is a fifth of
the budget. Further up the ladder it is lost in the noise, so only the first rungs get rungs between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sparing.core.counter import Counter
from sparing.core.ladder import Rendition
from sparing.reducers.units import UnitLadder, Units, assemble, unit_ladder

_PACKED_RUNGS = 64
_LOOK_AHEAD = 16  # units further down the order than this are not worth filling with
_MOST_FILLERS = 3


@dataclass(frozen=True)
class PackedLadder:
    """Rung r keeps the first ``sizes[r]`` units of the base's order, and its fillers. See `core.ladder.Ladder`."""

    base: UnitLadder
    sizes: Sequence[int]
    fillers: Sequence[tuple[int, ...]]
    tokens: Sequence[int]
    worth: Sequence[float]

    @property
    def reducer(self) -> str:
        return self.base.reducer

    def render(self, rung: int) -> Rendition:
        """Kept units in source order, a marker for each gap."""
        units = self.base.units
        fillers = self.fillers[rung] if rung < len(self.fillers) else ()
        text, elisions = assemble(units, [*self.base.order[: self.sizes[rung]], *fillers])
        return Rendition(text, self.tokens[rung], self.worth[rung], units.unit, elisions, self.reducer)


def packed_ladder(units: Units, counter: Counter) -> PackedLadder:
    """The ladder of `unit_ladder`, with rungs between its first ones. Needs `units.tokens` and `units.gap_tokens`."""
    base = unit_ladder(units, counter)
    sizes: list[int] = []
    fillers: list[tuple[int, ...]] = []
    tokens: list[int] = []
    worth: list[float] = []
    packed = min(_PACKED_RUNGS, len(base.tokens) - 1)
    kept = _Kept(units, base.order[: base.first])
    for rung in range(packed):
        size, cost = base.first + rung, base.tokens[rung]
        found = [((), 0), *kept.fill(base.order[size + 1 : size + 1 + _LOOK_AHEAD], base.tokens[rung + 1] - cost)]
        step = (base.worth[rung + 1] - base.worth[rung]) / len(found)
        for place, (chosen, spent) in enumerate(found):
            sizes.append(size)
            fillers.append(chosen)
            tokens.append(cost + spent)
            worth.append(base.worth[rung] + place * step)
        kept.add(base.order[size])
    sizes.extend(range(base.first + packed, base.first + len(base.tokens)))
    return PackedLadder(base, sizes, fillers, tokens + list(base.tokens[packed:]), worth + list(base.worth[packed:]))


class _Kept:
    """Which units are kept so far, with a kept neighbour at either end of the text (the ends close a gap)."""

    def __init__(self, units: Units, kept: Sequence[int]) -> None:
        self._tokens: Sequence[int] = units.tokens or ()
        self._gap_tokens = units.gap_tokens or 0
        self._kept = bytearray(len(units.bounds) + 1)
        self._kept[0] = self._kept[-1] = 1
        for unit in kept:
            self.add(unit)

    def add(self, unit: int) -> None:
        self._kept[unit + 1] = 1

    def fill(self, candidates: Sequence[int], room: int) -> Iterator[tuple[tuple[int, ...], int]]:
        """Fillers that cost less than `room` together, one more each time, and their cost."""
        chosen: list[int] = []
        spent = 0
        for unit in candidates:
            cost = self._tokens[unit] + self._gap_tokens * (1 - self._kept[unit] - self._kept[unit + 2])
            if 0 < cost < room - spent and len(chosen) < _MOST_FILLERS:
                chosen.append(unit)
                self.add(unit)
                spent += cost
                yield tuple(chosen), spent
        for unit in chosen:
            self._kept[unit + 1] = 0
