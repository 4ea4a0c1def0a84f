"""Windows cover a text, in order, and fit."""

from __future__ import annotations

from itertools import accumulate, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.select.windows import windows

_SIZES = st.lists(st.integers(0, 120), min_size=1, max_size=60)


@given(_SIZES, st.lists(st.booleans(), min_size=60, max_size=60), st.integers(10, 300))
@settings(deadline=None)
def test_every_unit_is_in_one_window(sizes: list[int], breaks: list[bool], room: int) -> None:
    """One window begins where the one before it ends; only a single long unit is above the room."""
    passage_of = list(accumulate(map(int, breaks[: len(sizes)])))
    found = windows(sizes, passage_of, room)
    assert [0, *(window.end for window in found)] == [*(window.first for window in found), len(sizes)]
    for window in found:
        assert window.num_pieces == sum(sizes[window.first : window.end])
        assert window.num_pieces <= room or window.end - window.first == 1


def test_passages_are_read_alone() -> None:
    """But for headings and items, which are read with what follows them."""
    sizes, passage_of = [30, 40, 5, 60, 70], [0, 0, 1, 2, 3]
    found = windows(sizes, passage_of, 250)
    assert [(window.first, window.end) for window in found] == [(0, 2), (2, 4), (4, 5)]


def test_long_passages_are_cut_evenly() -> None:
    """No crumb is left at the end."""
    found = windows([50] * 11, [0] * 11, 252)
    assert {window.num_pieces for window in found} <= {150, 200, 250}
    assert all(a.end == b.first for a, b in pairwise(found))
