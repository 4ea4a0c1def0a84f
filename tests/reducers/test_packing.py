"""Rungs between the rungs."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.reducers.packing import PackedLadder, Rungs, packed_ladder
from sparing.reducers.units import Units
from sparing.tokens.estimate import CharCounter


def ladder(sizes: list[int], must: frozenset[int] = frozenset()) -> PackedLadder:
    """Units of these many tokens (four characters each), worth less and less."""
    text = "".join(chr(97 + k % 26) * 4 * size for k, size in enumerate(sizes))
    bounds = [0]
    for size in sizes:
        bounds.append(bounds[-1] + 4 * size)
    worth = [1 / (k + 1) for k in range(len(sizes))]
    units = Units(text, bounds, worth, "units", lambda _: "[…]", "test.v1", must=must, tokens=sizes, gap_tokens=1)
    return packed_ladder(units, CharCounter())


def test_shorter_units_fill_the_room_that_a_long_one_leaves():
    """With 12 tokens to spend, the second unit (50 tokens) does not fit; the third and fourth do."""
    built = ladder([5, 50, 3, 2, 40])
    rung = max(r for r, tokens in enumerate(built.tokens) if tokens <= 12)
    text = built.render(rung).text
    assert "c" in text
    assert "b" not in text


@given(st.lists(st.integers(1, 60), min_size=1, max_size=40), st.integers(0, 3))
@settings(max_examples=80, deadline=None)
def test_rungs_rise(sizes, pinned):
    """Tokens and worth never fall, pinned units are in every rung, and the last rung is the text."""
    must = frozenset(range(min(pinned, len(sizes))))
    built = ladder(sizes, must)
    assert all(a <= b for a, b in pairwise(built.tokens))
    assert all(a <= b + 1e-12 for a, b in pairwise(built.worth))
    assert built.render(len(built.tokens) - 1).text == built.base.units.text
    bounds = built.base.units.bounds
    for rung in range(0, len(built.tokens), 5):
        gone = {k for e in built.render(rung).elisions for k in range(len(sizes)) if e.start <= bounds[k] < e.end}
        assert not gone & must


def test_a_leap_has_no_rung_between_but_those_of_the_candidates():
    """From one unit to three at once; the room before the third rung is filled with what may stand alone."""
    built = ladder([5, 6, 7, 2, 2]).base
    rungs = Rungs(built)
    rungs.add(1)
    rungs.leap(3, [3, 4])
    rungs.add(5)
    leaped = rungs.ladder()
    kept = [sorted(leaped.kept(rung)) for rung in range(len(leaped.tokens))]
    assert kept == [[], [0], [0, 3], [0, 3, 4], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]]
    assert all(a <= b for a, b in pairwise(leaped.tokens))


def test_what_only_goes_with_the_next_unit_ends_no_rung():
    """The second unit is never the last of a rung."""
    rungs = Rungs(ladder([5, 6, 7]).base, never_last=frozenset({1}))
    rungs.pack(3)
    rungs.add(3)
    built = rungs.ladder()
    assert [sorted(built.kept(rung)) for rung in range(len(built.tokens))] == [[], [0], [0, 1, 2]]
