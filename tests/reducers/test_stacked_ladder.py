"""A ladder goes on below its shortest rung where another one can."""

from __future__ import annotations

from sparing.core.ladder import Rendition
from sparing.core.reducer import Ask
from sparing.reducers.stacked_ladder import stacked
from sparing.reducers.units import UnitLadder, Units, line_gap, unit_ladder
from sparing.tokens.estimate import CharCounter


def lines(text: str, unit: str, reducer: str, must: frozenset[int] = frozenset()) -> UnitLadder:
    bounds = [0, *(i + 1 for i, c in enumerate(text) if c == "\n")]
    worth = [1.0] * (len(bounds) - 1)
    units = Units(text, bounds, worth, unit, line_gap(unit), reducer, must=must)
    return unit_ladder(units, Ask(CharCounter()).counter)


TEXT = "".join(f"line {i} of a text of some length\n" for i in range(20))


def test_only_the_shorter_rungs_are_put_below():
    """Tokens and worth never fall, the upper ladder is there as it was, and one reducer signs all of it."""
    lower, upper = lines(TEXT, "lines", "lower.v1"), lines(TEXT, "rows", "upper.v1", frozenset(range(8)))
    both = stacked(lower, upper)
    added = len(both.tokens) - len(upper.tokens)
    assert 0 < added < len(lower.tokens)
    assert list(both.tokens) == sorted(both.tokens)
    assert list(both.worth) == sorted(both.worth)
    assert both.render(added) == upper.render(0)
    below: Rendition = both.render(0)
    assert below.text == lower.render(0).text
    assert (below.reducer, below.unit) == ("upper.v1", "lines")


def test_nothing_shorter_leaves_the_ladder_as_it_is():
    """Where the lower ladder is no shorter, the upper one is used alone."""
    lower, upper = lines(TEXT, "lines", "lower.v1", frozenset(range(8))), lines(TEXT, "rows", "upper.v1")
    assert stacked(lower, upper) is upper
