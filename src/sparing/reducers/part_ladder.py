"""A ladder over parts of a text that lie in several places: a definition's header and its closing line, a hunk.

Like `units.UnitLadder`, except that a unit is a set of runs of rows, and that what a gap reads as may depend on what
is in it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import accumulate, count, pairwise
from operator import add

from sparing.core.counter import Counter
from sparing.core.ladder import Elision, Rendition


@dataclass(frozen=True)
class Runs:
    """A text cut into n runs of rows (lines, from 0), each of one part.

    Attributes:
        bounds: n + 1 character offsets.
        rows: n + 1 row numbers of the same.
        owners: Index of the part of each run.
        size: How many parts there are.
    """

    text: str
    bounds: Sequence[int]
    rows: Sequence[int]
    owners: Sequence[int]
    size: int

    def part_at(self, offset: int) -> int:
        """Index of the part that the character at `offset` belongs to."""
        return self.owners[bisect_right(self.bounds, offset) - 1]

    @cached_property
    def part_chars(self) -> list[int]:
        """Length of each part."""
        return self.totals([b - a for a, b in pairwise(self.bounds)])

    def totals(self, of_runs: Sequence[int]) -> list[int]:
        """Sum over the runs of each part."""
        sums = [0] * self.size
        for owner, value in zip(self.owners, of_runs, strict=True):
            sums[owner] += value
        return sums


@dataclass(frozen=True)
class Ranking:
    """Which parts come first.

    Attributes:
        order: Every part, in the order in which they are added.
        worth: Of each part, >= 0; need not sum to one.
        fixed: How many of the order no rung leaves out.
    """

    order: Sequence[int]
    worth: Sequence[float]
    fixed: int


@dataclass(frozen=True)
class Walls:
    """Where a gap ends although more is left out after it.

    Attributes:
        runs: A gap does not reach into these from the run before.
        named: Part -> how many more tokens a marker has that stands for this part among others.
    """

    runs: frozenset[int] = frozenset()
    named: Mapping[int, int] = field(default_factory=dict)


_NO_WALLS = Walls()


@dataclass(frozen=True)
class PartLadder:
    """Rung r keeps the first ``fixed + r`` parts of the order. See `core.ladder.Ladder`.

    Attributes:
        marker: What stands for runs ``first`` to ``end`` (one past the last), line break included.
    """

    runs: Runs
    marker: Callable[[int, int], str]
    ranking: Ranking
    run_tokens: Sequence[int]
    counter: Counter
    tokens: Sequence[int]
    worth: Sequence[float]
    walls: Walls
    reducer: str

    def render(self, rung: int) -> Rendition:
        """Kept rows in source order, a marker for each gap."""
        text, bounds, rows = self.runs.text, self.runs.bounds, self.runs.rows
        pieces, elisions = [], []
        at = 0
        for first, end, marker in self._gaps(set(self.ranking.order[: self.ranking.fixed + rung])):
            pieces += [text[at : bounds[first]], marker]
            elisions.append(Elision(bounds[first], bounds[end], rows[end] - rows[first]))
            at = bounds[end]
        pieces.append(text[at:])
        return Rendition("".join(pieces), self.tokens[rung], self.worth[rung], "lines", tuple(elisions), self.reducer)

    def _gaps(self, kept: set[int]) -> Iterator[tuple[int, int, str]]:
        """Stretches of runs left out and their markers, without those that a marker would hardly shorten."""
        stays = bytes(map(kept.__contains__, self.runs.owners))
        walls, size = self.walls.runs, len(stays)
        marker_tokens = cache(self.counter.count)  # most markers read the same
        end = 0
        while (first := stays.find(0, end)) >= 0:
            end = first + 1
            while end < size and not stays[end] and end not in walls:
                end += 1
            marker = self.marker(first, end)
            if sum(self.run_tokens[first:end]) > marker_tokens(marker) + 1:  # one for a split token
                yield first, end, marker


def part_ladder(
    runs: Runs,
    marker: Callable[[int, int], str],
    ranking: Ranking,
    sample: str,
    counter: Counter,
    reducer: str,
    walls: Walls = _NO_WALLS,
) -> PartLadder:
    """Build the ladder: one rung per part beyond those that always stay.

    Args:
        sample: A marker of common length, to estimate the cost of gaps by.
    """
    run_tokens = counter.split(runs.text, runs.bounds)
    costs = _cumulative_costs(runs, ranking.order, run_tokens, counter.count(sample), walls)
    total = sum(ranking.worth) or 1.0
    gained = list(accumulate((ranking.worth[part] / total for part in ranking.order), initial=0.0))
    first = ranking.fixed
    return PartLadder(runs, marker, ranking, run_tokens, counter, costs[first:], gained[first:], walls, reducer)


def row_starts(text: str) -> list[int]:
    """Character offset of every row, and the length of the text at the end."""
    ends = list(map(add, accumulate(map(len, text.split("\n"))), count(1)))
    ends[-1] -= 1  # after the last row comes no line break
    if len(ends) > 1 and ends[-1] == ends[-2]:
        ends.pop()
    return [0, *ends]


def _cumulative_costs(
    runs: Runs, order: Sequence[int], run_tokens: Sequence[int], gap_tokens: int, walls: Walls
) -> list[int]:
    """Tokens after each part is added, gaps counted: entry k is the cost of the first k parts."""
    runs_of: list[list[int]] = [[] for _ in range(runs.size)]
    for run, owner in enumerate(runs.owners):
        runs_of[owner].append(run)
    size = len(runs.owners)
    closed = bytearray(size + 1)  # before each run: whether no gap crosses from the run before it
    closed[0] = closed[size] = 1
    for wall in walls.runs:
        closed[wall] = 1
    kept = bytearray(size + 1)
    cost = gap_tokens * sum(closed[:size]) + sum(walls.named.values())
    costs = [cost]
    for part in order:
        for run in runs_of[part]:
            # No closed side splits a gap in two, one moves its edge, two close it.
            sides = (closed[run] or kept[run - 1]) + (closed[run + 1] or kept[run + 1])
            cost += run_tokens[run] + gap_tokens * (1 - sides)
            kept[run] = 1
        cost -= walls.named.get(part, 0)
        costs.append(cost)
    # The last parts can be cheaper kept than marked: a rung never costs more than the one above it.
    for k in range(len(costs) - 2, -1, -1):
        if costs[k] > costs[k + 1]:
            costs[k] = costs[k + 1]
    return costs
