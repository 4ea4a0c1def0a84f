"""A line serves the urgent first, serves everybody, and never more at once than it may."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sparing.generate.line import HANDICAP_S, Line


class Guest:
    def __init__(self, rank: int) -> None:
        self.rank = rank


def test_the_urgent_go_first_and_equals_in_order() -> None:
    """Whoever came first of the same rank is served first."""
    line: Line[Guest] = Line(1, 10)
    served, batch, first, second = Guest(0), Guest(200), Guest(0), Guest(0)
    assert line.enter(served, 0, 0.0) == (True, None)
    for at, guest in enumerate((batch, first, second)):
        assert line.enter(guest, guest.rank, float(at)) == (False, None)
    assert [line.leave() for _ in range(4)] == [first, second, batch, None]


def test_nobody_waits_forever() -> None:
    """After its handicap a request of low rank is before every new one."""
    line: Line[Guest] = Line(1, 10)
    line.enter(Guest(0), 0, 0.0)
    old, new = Guest(200), Guest(0)
    line.enter(old, 200, 0.0)
    line.enter(new, 0, 200 * HANDICAP_S + 1)
    assert line.leave() is old


def test_a_full_line_turns_away_whoever_would_be_last() -> None:
    """A new urgent request takes the place of a waiting one of low rank; one of low rank finds none."""
    line: Line[Guest] = Line(1, 1)
    line.enter(Guest(0), 0, 0.0)
    batch, urgent = Guest(200), Guest(0)
    line.enter(batch, 200, 0.0)
    assert line.enter(urgent, 0, 1.0) == (False, batch)
    late = Guest(200)
    assert line.enter(late, 200, 2.0) == (False, late)
    assert line.leave() is urgent


def test_without_a_line_the_next_is_turned_away() -> None:
    """`most_waiting` 0: served at once or not at all."""
    line: Line[Guest] = Line(1, 0)
    line.enter(Guest(0), 0, 0.0)
    late = Guest(0)
    assert line.enter(late, 0, 0.0) == (False, late)


@given(
    st.integers(1, 4),
    st.integers(0, 6),
    st.lists(
        st.tuples(st.sampled_from(["enter", "leave", "give up"]), st.integers(0, 300), st.integers(0, 9)), max_size=80
    ),
)
def test_nobody_is_lost_or_served_twice(capacity: int, most: int, steps: list[tuple[str, int, int]]) -> None:
    """Every guest ends up served, turned away, gone, or still in line; never more than may be."""
    line: Line[Guest] = Line(capacity, most)
    waiting: list[Guest] = []
    served = 0
    for at, (step, rank, which) in enumerate(steps):
        if step == "enter":
            guest = Guest(rank)
            now, turned_away = line.enter(guest, rank, float(at))
            served += now
            if not now:
                waiting.append(guest)
            if turned_away is not None:
                waiting.remove(turned_away)
        elif step == "leave" and served:
            following = line.leave()
            served += (following is not None) - 1
            if following is not None:
                waiting.remove(following)
        elif step == "give up" and waiting:
            guest = waiting.pop(which % len(waiting))
            assert line.give_up(guest)
            assert not line.give_up(guest)
        assert served == line.num_served <= capacity
        assert len(waiting) == line.num_waiting <= most
        assert not waiting or served == capacity
