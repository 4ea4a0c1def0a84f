"""The planner's choice, checked against brute force."""

from __future__ import annotations

from itertools import product
from math import isclose

from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.plan.knapsack import Steps, _greedy, choose_rungs, upper_hull


@st.composite
def ladders(draw: st.DrawFn) -> Steps:
    size = draw(st.integers(1, 6))
    tokens = sorted(draw(st.lists(st.integers(0, 30), min_size=size, max_size=size)))
    worth = sorted(draw(st.lists(st.integers(0, 20), min_size=size, max_size=size)))
    return Steps(tokens, [w / 20 for w in worth])


many_ladders = st.lists(ladders(), min_size=1, max_size=4)


def spent(chosen: list[int], steps: list[Steps]) -> int:
    return sum(s.tokens[r] for r, s in zip(chosen, steps, strict=True))


def gained(chosen: list[int], steps: list[Steps]) -> float:
    return sum(s.worth[r] for r, s in zip(chosen, steps, strict=True))


def brute_force(steps: list[Steps], budget: int) -> float | None:
    fitting = [
        gained(list(rungs), steps)
        for rungs in product(*(range(len(s.tokens)) for s in steps))
        if spent(list(rungs), steps) <= budget
    ]
    return max(fitting, default=None)


@given(many_ladders, st.integers(-5, 100))
@settings(max_examples=300, deadline=None)
def test_small_cases_are_exact(steps: list[Steps], budget: int) -> None:
    """Within the exact limit the choice has the greatest worth that any choice has."""
    chosen = choose_rungs(steps, budget)
    best = brute_force(steps, budget)
    if best is None:
        assert chosen is None
    else:
        assert chosen is not None
        assert spent(chosen, steps) <= budget
        assert abs(gained(chosen, steps) - best) < 1e-9


@given(many_ladders, st.integers(0, 100))
@settings(max_examples=300, deadline=None)
def test_greedy_is_within_one_rung_of_the_optimum(steps: list[Steps], budget: int) -> None:
    """The greedy choice never exceeds the budget and loses at most the worth of one step of one ladder."""
    left = budget - sum(s.tokens[0] for s in steps)
    best = brute_force(steps, budget)
    if left < 0 or best is None:
        return
    chosen = _greedy(steps, left)
    one_rung = max(
        (
            s.worth[b] - s.worth[a]
            for s in steps
            for hull in [upper_hull(s.tokens, s.worth)]
            for a, b in zip(hull, hull[1:], strict=False)
        ),
        default=0.0,
    )
    assert spent(chosen, steps) <= budget
    assert gained(chosen, steps) >= best - one_rung - 1e-9


@given(ladders())
@settings(max_examples=200, deadline=None)
def test_hull_is_concave_and_covers(steps: Steps) -> None:
    """Slopes fall along the hull, as far as floats can tell, and no rung lies above it."""
    hull = upper_hull(steps.tokens, steps.worth)
    points = [(steps.tokens[r], steps.worth[r]) for r in hull]
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(points, points[1:], strict=False)]
    assert all(a > b or isclose(a, b, rel_tol=1e-12) for a, b in zip(slopes, slopes[1:], strict=False))
    assert max(steps.worth) == points[-1][1]


def test_fine_ladders_use_the_budget() -> None:
    """With a rung per unit at least 97 % of the budget is spent when there is more to send."""
    steps = [Steps(list(range(0, 5000, 7 + i)), [k / 700 for k in range(len(range(0, 5000, 7 + i)))]) for i in range(9)]
    chosen = choose_rungs(steps, 10_000)
    assert chosen is not None
    assert 9_700 <= spent(chosen, steps) <= 10_000


def test_equal_worth_is_not_paid_for() -> None:
    """A longer rung that is worth no more is not chosen."""
    assert choose_rungs([Steps([1, 5], [1.0, 1.0])], 10) == [0]


def test_a_hundred_thousand_rungs() -> None:
    """With very many rungs, of which only some are looked at, the choice still fits, uses the budget, and is as good."""
    steps = [
        Steps([k * (3 + i % 5) for k in range(5000)], [1 - 0.999 ** (k * (1 + i % 3)) for k in range(5000)])
        for i in range(20)
    ]
    chosen = choose_rungs(steps, 60_000)
    assert chosen is not None
    assert 0.999 * 60_000 <= spent(chosen, steps) <= 60_000
    all_looked_at = _greedy([Steps(s.tokens[:900], s.worth[:900]) for s in steps], 60_000)
    assert gained(chosen, steps) >= 0.999 * gained(all_looked_at, steps)
