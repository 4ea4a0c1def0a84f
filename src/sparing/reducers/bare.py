"""The last ladder: lines by relevance, nothing held back but the pins. For budgets below what a reducer insists on."""

from __future__ import annotations

import re
from itertools import accumulate

from sparing.core.ladder import Ladder, Skip
from sparing.core.reducer import Ask
from sparing.reducers.relevance import score
from sparing.reducers.units import Units, line_gap, unit_ladder

_LINE = re.compile(r"[^\n]{0,400}\n?|[^\n]{400}")


class Bare:
    """Lines (long ones cut every 400 characters), by relevance to the question or from the start."""

    name = "bare.v1"
    content: frozenset[str] = frozenset()  # never chosen by content: the planner falls back on it

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        lines = [match for match in _LINE.findall(text) if match]
        if len(lines) < 2:
            return Skip("a single line")
        bounds = list(accumulate(map(len, lines), initial=0))
        worth = score(text, bounds, ask.question) if ask.question else [0.0] * len(lines)
        must = frozenset(i for i, line in enumerate(lines) if any(pin in line for pin in ask.pins))
        return unit_ladder(Units(text, bounds, worth, "lines", line_gap("lines"), self.name, must=must), ask.counter)
