"""The ladder over the rows of a table: every rung is valid JSON and says what it leaves out."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from sparing.core.counter import Counter
from sparing.core.ladder import Elision, Rendition
from sparing.core.reducer import Ask
from sparing.reducers.anchors import anchors
from sparing.reducers.json_unusual import is_category
from sparing.reducers.units import UnitLadder, Units, unit_ladder

_MAX_SUMMARIES = 3  # categories counted behind the rows
_MAX_GROUPS = 8  # of one of them


@dataclass(frozen=True, slots=True)
class Layout:
    """All rows in the shortest lossless form.

    Attributes:
        bounds: Row i is ``text[bounds[i]:bounds[i + 1]]``, with what separates it from the next.
        starts: Where the rows are in the source; n + 1 offsets.
        summarised: Whether there is an object around the rows that can take counts of what is left out.
    """

    text: str
    bounds: Sequence[int]
    rows: Sequence[bytes]
    starts: Sequence[int]
    separator: str
    summarised: bool


def row_ladder(
    source: str,
    layout: Layout,
    worth: Sequence[float],
    columns: Mapping[str, Sequence[bytes]],
    ask: Ask,
    reducer: str,
) -> RowLadder:
    """Build the ladder.

    Args:
        source: The text as it came; the last rung where the layout is not cheaper.
        columns: Name -> one cell per row, for the counts of what is left out.
        ask: A row that holds one of its pins stays; rows that its question names come first.
    """
    counter = ask.counter
    order, must = row_order(layout.text, layout.bounds, worth, ask)
    units = Units(layout.text, layout.bounds, worth, "rows", _gap, reducer, order=order, must=must)
    base = unit_ladder(units, counter)
    groups = _categories(columns) if layout.summarised else {}
    summary = counter.count(_summary(range(len(worth)), groups)) if layout.summarised else 0
    source_tokens = counter.count(source)
    full = layout.text if base.tokens[-1] <= source_tokens else source
    most = min(base.tokens[-1], source_tokens)
    tokens = [min(cost + summary, most) for cost in base.tokens[:-1]] + [most]
    return RowLadder(layout, base, groups, full, tokens, base.worth, counter, reducer)


def row_order(text: str, bounds: Sequence[int], worth: Sequence[float], ask: Ask) -> tuple[list[int], frozenset[int]]:
    """Rows in the order they are added, and those that must stay."""
    rows = [text[a:b] for a, b in pairwise(bounds)] if ask.pins or ask.question else []
    must = frozenset(i for i, row in enumerate(rows) if any(pin and pin in row for pin in ask.pins))
    first = anchors(rows, worth, ask.question, text[: bounds[0]] + text[bounds[-1] :])
    return list(dict.fromkeys([*first, *sorted(range(len(worth)), key=lambda i: -worth[i])])), must


@dataclass(frozen=True)
class RowLadder:
    """Rung r keeps the rows that must stay and the r worthiest others. See `core.ladder.Ladder`."""

    layout: Layout
    base: UnitLadder
    groups: Mapping[str, Sequence[bytes]]
    full: str
    tokens: Sequence[int]
    worth: Sequence[float]
    counter: Counter
    reducer: str

    def render(self, rung: int) -> Rendition:
        """Kept rows in order, a string for each gap, counts of what is left out behind them."""
        size = len(self.layout.rows)
        last = len(self.tokens) - 1
        kept = bytearray(size)
        for index in self.base.order[: self.base.first + rung]:
            kept[index] = 1
        gaps = [] if rung == last else self._worthwhile_gaps(kept)
        if gaps:
            text = self._assemble(gaps)
            if self.counter.count(text) < self.tokens[last]:
                starts = self.layout.starts
                elisions = tuple(Elision(starts[a], starts[b], b - a) for a, b in gaps)
                return Rendition(text, self.tokens[rung], self.worth[rung], "rows", elisions, self.reducer)
        return Rendition(self.full, self.tokens[rung], self.worth[rung], "rows", (), self.reducer)

    def _worthwhile_gaps(self, kept: bytearray) -> list[tuple[int, int]]:
        """Runs of rows left out; a run that is shorter than its marker stays in."""
        bounds = self.layout.bounds
        gaps = []
        start = kept.find(0)
        while start >= 0:
            end = kept.find(1, start)
            end = len(kept) if end < 0 else end
            if bounds[end] - bounds[start] > len(_gap(end - start)):
                gaps.append((start, end))
            start = kept.find(0, end)
        return gaps

    def _assemble(self, gaps: Sequence[tuple[int, int]]) -> str:
        text, bounds, separator = self.layout.text, self.layout.bounds, self.layout.separator
        pieces, at, size = [], 0, len(self.layout.rows)
        for start, end in gaps:
            if start > at:
                pieces.append(text[bounds[at] : bounds[start]].removesuffix(separator))
            pieces.append(_gap(end - start).removesuffix(",\n"))
            at = end
        if at < size:
            pieces.append(text[bounds[at] : bounds[size]])
        tail = text[bounds[-1] :]
        if self.layout.summarised:
            left_out = [i for start, end in gaps for i in range(start, end)]
            tail = "]" + _summary(left_out, self.groups) + tail[1:]
        return text[: bounds[0]] + separator.join(pieces) + tail


def _gap(count: int) -> str:
    return f'"… {count} {"row" if count == 1 else "rows"}",\n'


def _categories(columns: Mapping[str, Sequence[bytes]]) -> dict[str, Sequence[bytes]]:
    """The columns that sort rows into the fewest groups."""
    found = [(len(set(cells)), name) for name, cells in columns.items() if is_category(cells)]
    return {name: columns[name] for size, name in sorted(found)[:_MAX_SUMMARIES] if size <= _MAX_GROUPS}


def _summary(left_out: Sequence[int], groups: Mapping[str, Sequence[bytes]]) -> str:
    """``,"rows_left_out":{"count":7,"status":{"shipped":5,"open":2}}``."""
    parts = [f'"count":{len(left_out)}']
    for name, cells in groups.items():
        counts = Tally(cells[i] for i in left_out)
        values = ",".join(f"{_key(cell)}:{n}" for cell, n in counts.most_common() if cell)
        parts.append(f"{msgspec.json.encode(name).decode()}:{{{values}}}")
    return f',"rows_left_out":{{{",".join(parts)}}}'


def _key(cell: bytes) -> str:
    """A cell as the key of an object: strings as they are, other literals in quotes."""
    return cell.decode() if cell[:1] == b'"' else msgspec.json.encode(cell.decode()).decode()
