"""The ladder of units."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

from sparing.reducers.units import Units, assemble, line_gap, unit_ladder
from sparing.tokens.estimate import CharCounter

LINES = [f"line number {k} of a text that has a few of them\n" for k in range(12)]
TEXT = "".join(LINES)
BOUNDS = [k * len(LINES[0]) for k in range(10)] + [
    len(TEXT) - 2 * len(LINES[11]),
    len(TEXT) - len(LINES[11]),
    len(TEXT),
]
BASE = Units(TEXT, BOUNDS, [1.0, 0, 5, 0, 0, 3, 0, 0, 0, 0, 2, 0], "lines", line_gap("lines"), "test.v1")


def test_best_units_come_first_in_source_order():
    """Rung 3 keeps the three best, as they stood, and marks what is gone."""
    rendition = unit_ladder(BASE, CharCounter()).render(3)
    assert rendition.text == f"[… 2 lines]\n{LINES[2]}[… 2 lines]\n{LINES[5]}[… 4 lines]\n{LINES[10]}[… 1 line]\n"
    assert [e.num_units for e in rendition.elisions] == [2, 2, 4, 1]


def test_pinned_units_are_in_every_rung():
    """The lowest rung holds what must stay and nothing else."""
    ladder = unit_ladder(replace(BASE, must=frozenset({7})), CharCounter())
    assert ladder.render(0).text == f"[… 7 lines]\n{LINES[7]}[… 4 lines]\n"


def test_costs_are_near_the_count_of_the_text():
    """The estimate counts gaps too: it is never below the count of what is rendered."""
    counter = CharCounter()
    ladder = unit_ladder(replace(BASE, order=random.Random(3).sample(range(12), 12)), counter)
    for rung, tokens in enumerate(ladder.tokens):
        size = counter.count(ladder.render(rung).text)
        assert size <= tokens <= size + 14
    assert all(a <= b for a, b in pairwise(ladder.tokens))


def test_head_and_tail_always_stay():
    """What lies outside the bounds is not in question."""
    units = replace(BASE, bounds=BOUNDS[1:12], worth=[1.0] * 10)
    text = unit_ladder(units, CharCounter()).render(0).text
    assert text == f"{LINES[0]}[… 10 lines]\n{LINES[11]}"


def test_a_gap_may_depend_on_what_it_stands_for():
    """`gap_at` is told which units are gone, and `gap_tokens` what a gap costs."""
    units = replace(BASE, gap_at=lambda a, b: f"<{a}-{b}>", gap_tokens=100)
    text, elisions = assemble(units, [3])
    assert text == f"<0-3>{LINES[3]}<4-12>"
    assert [(e.start, e.end) for e in elisions] == [(0, BOUNDS[3]), (BOUNDS[4], len(TEXT))]
    assert unit_ladder(units, CharCounter()).tokens[0] == 100
