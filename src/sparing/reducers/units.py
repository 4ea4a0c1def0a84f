"""The ladder every reducer of units stands on: cut a text into units, weigh them, keep the best.

A reducer says where the units are (sentences, lines, rows, definitions), what each is worth, and how a gap reads. The
ladder adds one unit per rung, in the order given; kept units appear in source order and are never altered.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from sparing.core.counter import Counter
from sparing.core.ladder import Elision, Rendition

Gap = Callable[[int], str]
"""The text that stands for n units left out in a row, line breaks included."""


def line_gap(unit: str) -> Gap:
    """A gap on a line of its own: ``[… 12 lines]``."""
    return lambda n: f"[… {n} {unit if n != 1 else unit.removesuffix('s')}]\n"


_BY_SIZE = 0.02


@dataclass(frozen=True, slots=True)
class Units:
    """A text cut into weighed units.

    Attributes:
        text: The source (or a lossless shorter form of it, which then also says so in `full_text`).
        bounds: n + 1 ascending character offsets; unit i is ``text[bounds[i]:bounds[i + 1]]``. What lies before
            ``bounds[0]`` and after ``bounds[-1]`` is head and tail and always stays.
        worth: n values >= 0: the chance that the unit holds what the question needs. Need not sum to one.
        order: Unit indexes in the order they are added; the units of `must` first. Default: by worth, ties by position.
        must: Units that no rung leaves out.
        unit: Plural noun for the receipt: "lines".
        gap: What a run of left-out units reads as.
        reducer: Name and version.
        tokens: n counts, where the reducer has them; else they are taken from the counter.
        judged_by: What weighed them; see `Rendition`.
    """

    text: str
    bounds: Sequence[int]
    worth: Sequence[float]
    unit: str
    gap: Gap
    reducer: str
    order: Sequence[int] | None = None
    must: frozenset[int] = frozenset()
    tokens: Sequence[int] | None = None
    source_bounds: Sequence[int] | None = None  # offsets in the original, when `text` is a re-formatted form of it
    gap_at: Callable[[int, int], str] | None = (
        None  # what units [a, b) left out read as, where that is more than `gap` knows
    )
    gap_tokens: int | None = None  # where a gap between kept units costs other than the gap alone
    judged_by: str = ""
    counts: Sequence[int] | None = None  # how many of `unit` each unit is, where some are parts of one; default 1

    def count(self, start: int, end: int) -> int:
        """How many of `unit` the units [start, end) are, a part of one counting as one."""
        return end - start if self.counts is None else max(1, sum(self.counts[start:end]))


@dataclass(frozen=True)
class UnitLadder:
    """Rung r keeps the first ``first + r`` units of the order; the last rung keeps all. See `core.ladder.Ladder`."""

    units: Units
    order: Sequence[int]
    first: int
    tokens: Sequence[int]
    worth: Sequence[float]
    reducer: str = field(default="")

    def render(self, rung: int) -> Rendition:
        """Kept units in source order, a marker for each gap."""
        text, elisions = assemble(self.units, self.order[: self.first + rung])
        units = self.units
        return Rendition(text, self.tokens[rung], self.worth[rung], units.unit, elisions, self.reducer, units.judged_by)


def unit_ladder(units: Units, counter: Counter) -> UnitLadder:
    """Build the ladder: one rung per unit beyond those that must stay."""
    size = len(units.bounds) - 1
    tokens = units.tokens if units.tokens is not None else counter.split(units.text, units.bounds)
    order = _with_must_first(units, size)
    fixed = counter.count(units.text[: units.bounds[0]]) + counter.count(units.text[units.bounds[-1] :]) if size else 0
    gap_tokens = units.gap_tokens if units.gap_tokens is not None else counter.count(units.gap(9))
    costs = _cumulative_costs(order, tokens, gap_tokens, fixed)
    gained = _cumulative_worth(order, units.worth, tokens)
    first = len(units.must)
    return UnitLadder(units, order, first, costs[first:], gained[first:], units.reducer)


def _with_must_first(units: Units, size: int) -> list[int]:
    worth = units.worth
    order = units.order if units.order is not None else sorted(range(size), key=lambda i: -worth[i])
    if not units.must:
        return list(order)
    return [i for i in order if i in units.must] + [i for i in order if i not in units.must]


def _cumulative_worth(order: Sequence[int], worth: Sequence[float], tokens: Sequence[int]) -> list[float]:
    """Share of the worth held after each unit is added. A little of it goes by size: more is never worth nothing."""
    by_worth = (1 - _BY_SIZE if any(worth) else 0.0) / (sum(worth) or 1.0)
    by_size = (1 - by_worth * sum(worth)) / (sum(tokens) or 1)
    gains = [value * by_worth + size * by_size for value, size in zip(worth, tokens, strict=True)]
    gained = list(accumulate(map(gains.__getitem__, order), initial=0.0))
    gained[-1] = 1.0
    above = bisect_right(gained, 1.0, hi=len(gained) - 1)  # sums of floats may end a hair above
    gained[above:] = [1.0] * (len(gained) - above)
    return gained


def _cumulative_costs(order: Sequence[int], tokens: Sequence[int], gap_tokens: int, fixed: int) -> list[int]:
    """Tokens after each unit is added, gaps counted: entry k is the cost of the first k units of the order."""
    size = len(order)
    kept = bytearray(size + 2)
    kept[0] = kept[size + 1] = 1  # virtual neighbours: the ends of the text close a gap
    cost = fixed + (gap_tokens if size else 0)
    costs = [cost]
    for index in order:
        neighbours = kept[index] + kept[index + 2]
        # No kept neighbour splits a gap in two, one moves its edge, two close it.
        cost += tokens[index] + gap_tokens * (1 - neighbours)
        kept[index + 1] = 1
        costs.append(cost)
    # The last units can be cheaper kept than marked: a rung never costs more than the one above it.
    for k in range(size - 1, -1, -1):
        if costs[k] > costs[k + 1]:
            costs[k] = costs[k + 1]
    return costs


def assemble(units: Units, kept_units: Iterable[int]) -> tuple[str, tuple[Elision, ...]]:
    """The text with only these units in it, in source order, and what it leaves out."""
    text, bounds = units.text, units.bounds
    where = units.source_bounds or bounds
    size = len(bounds) - 1
    kept = bytearray(size)
    for index in kept_units:
        kept[index] = 1
    pieces = [text[: bounds[0]]] if size else [text]
    elisions = []
    start = 0
    while start < size:
        end = kept.find(1 - kept[start], start)
        end = size if end < 0 else end
        if kept[start]:
            pieces.append(text[bounds[start] : bounds[end]])
        else:
            pieces.append(units.gap_at(start, end) if units.gap_at else units.gap(end - start))
            elisions.append(Elision(where[start], where[end], units.count(start, end)))
        start = end
    if size:
        pieces.append(text[bounds[-1] :])
    return "".join(pieces), tuple(elisions)
