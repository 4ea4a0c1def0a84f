"""Rungs between the rungs: where the next unit is too long for a small budget, shorter ones down the order fill it.

At a twentieth of a text that is three or four sentences, and the room that a sentence too long leaves is a fifth of
the budget. Further up the ladder it is lost in the noise, so only the first rungs get rungs between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat, takewhile

from sparing.core.counter import Counter
from sparing.core.ladder import Rendition
from sparing.reducers.units import UnitLadder, Units, assemble, unit_ladder

_PACKED_RUNGS = 64
_LOOK_AHEAD = 16  # units further down the order than this are not worth filling with
_MOST_FILLERS = 3
_LEAP_RUNGS = 32


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

    def kept(self, rung: int) -> list[int]:
        """The units of a rung."""
        return [*self.base.order[: self.sizes[rung]], *self.fillers[rung]]

    def render(self, rung: int) -> Rendition:
        """Kept units in source order, a marker for each gap."""
        units = self.base.units
        text, elisions = assemble(units, self.kept(rung))
        return Rendition(text, self.tokens[rung], self.worth[rung], units.unit, elisions, self.reducer, units.judged_by)


def packed_ladder(units: Units, counter: Counter, never_last: frozenset[int] = frozenset()) -> PackedLadder:
    """The ladder of `unit_ladder`, with rungs between its first ones. Needs `units.tokens` and `units.gap_tokens`.

    Args:
        never_last: Units that only go with the next one.
    """
    base = unit_ladder(units, counter)
    rungs = Rungs(base, never_last)
    last = base.first + len(base.tokens) - 1
    rungs.pack(last)
    rungs.add(last)
    return rungs.ladder()


class Rungs:
    """The rungs of a `PackedLadder`, put together from the lowest up.

    Args:
        never_last: Units that only go with the next one.
    """

    def __init__(self, base: UnitLadder, never_last: frozenset[int] = frozenset()) -> None:
        self._base = base
        self._never_last = never_last
        self._next = base.first  # units of the next rung
        self._sizes: list[int] = []
        self._fillers: list[tuple[int, ...]] = []
        self._tokens: list[int] = []
        self._worth: list[float] = []

    def add(self, last: int) -> None:
        """The rungs up to that of the first `last` units, one unit each."""
        order = self._base.order
        sizes: Sequence[int] = range(self._next, last + 1)
        if self._never_last:
            ends = (self._base.first, len(order))
            sizes = [size for size in sizes if size in ends or order[size - 1] not in self._never_last]
        self._add(sizes)
        self._next = last + 1

    def pack(self, end: int) -> None:
        """The next rungs and those between them, made of the first `end` units."""
        order = self._base.order
        kept = _Kept(self._base.units, order[: self._next])
        for size in range(self._next, min(self._next + _PACKED_RUNGS, end)):
            self.add(size)
            if self._sizes[-1] == size:
                ahead = order[size : min(size + 1 + _LOOK_AHEAD, end)]
                if not self._never_last.isdisjoint(ahead):
                    ahead = list(takewhile(lambda unit: unit not in self._never_last, ahead))
                self._between(kept, ahead[1:], size + 1, _MOST_FILLERS)
            kept.add(order[size])

    def leap(self, size: int, candidates: Sequence[int]) -> None:
        """Up to the rung of the first `size` units none but those that more and more of the candidates make."""
        kept = _Kept(self._base.units, self._base.order[: self._sizes[-1]])
        room = self._base.tokens[size - self._base.first] - self._tokens[-1]
        self._between(kept, candidates, size, len(candidates), room // _LEAP_RUNGS)
        self._add([size])
        self._next = size + 1

    def _add(self, sizes: Sequence[int]) -> None:
        first = self._base.first
        self._sizes.extend(sizes)
        self._fillers.extend(repeat((), len(sizes)))
        self._tokens.extend(self._base.tokens[size - first] for size in sizes)
        self._worth.extend(self._base.worth[size - first] for size in sizes)

    def _between(self, kept: _Kept, candidates: Sequence[int], size: int, most: int, apart: int = 1) -> None:
        rung = size - self._base.first
        cost, worth = self._tokens[-1], self._worth[-1]
        found = list(kept.fill(candidates, self._base.tokens[rung] - cost, most, apart))
        step = (self._base.worth[rung] - worth) / (len(found) + 1)
        for place, (chosen, spent) in enumerate(found, 1):
            self._sizes.append(self._sizes[-1])
            self._fillers.append(chosen)
            self._tokens.append(cost + spent)
            self._worth.append(worth + place * step)

    def ladder(self) -> PackedLadder:
        """All rungs added so far."""
        return PackedLadder(self._base, self._sizes, self._fillers, self._tokens, self._worth)


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

    def fill(
        self, candidates: Sequence[int], room: int, most: int, apart: int = 1
    ) -> Iterator[tuple[tuple[int, ...], int]]:
        """Fillers that cost less than `room` together, some more each time, and their cost: `apart` tokens or more."""
        chosen: list[int] = []
        spent = told = 0
        for unit in candidates:
            if room - spent <= 1 or len(chosen) >= most:
                break
            cost = self._tokens[unit] + self._gap_tokens * (1 - self._kept[unit] - self._kept[unit + 2])
            if 0 < cost < room - spent:
                chosen.append(unit)
                self.add(unit)
                spent += cost
                if spent - told >= apart:
                    told = spent
                    yield tuple(chosen), spent
        for unit in chosen:
            self._kept[unit + 1] = 0
