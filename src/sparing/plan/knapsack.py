"""Choose a rung per ladder under one budget: the multiple-choice knapsack.

Each ladder gives exactly one rung. Small cases are solved exactly over their Pareto frontier; larger ones greedily on
the upper convex hulls of the ladders, which is optimal for the relaxed problem and at most one rung's worth below the
optimum of the whole one (Sinha & Zoltners 1979, "The multiple-choice knapsack problem"; we then fill what is left with
rungs off the hull). O(n log n) in the number of rungs; of more than 20,000 only some are looked at.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

_EXACT_COMBINATIONS = 4096
_HULL_RUNGS = 20_000  # beyond so many rungs in all the hulls are made of every second, third, ... of them


@dataclass(frozen=True, slots=True)
class Steps:
    """The rungs of one ladder as the planner sees them: parallel, tokens never decreasing."""

    tokens: Sequence[int]
    worth: Sequence[float]


def choose_rungs(ladders: Sequence[Steps], budget_tokens: int) -> list[int] | None:
    """One rung index per ladder with the greatest total worth within the budget; None if not even the shortest fit."""
    left = budget_tokens - sum(ladder.tokens[0] for ladder in ladders)
    if left < 0:
        return None
    if len(ladders) == 1:
        return _fill(ladders, [0], left, {0: None})
    if _is_small(ladders):
        return _exact(ladders, budget_tokens)
    return _greedy(ladders, left)


def _is_small(ladders: Sequence[Steps]) -> bool:
    combinations = 1
    for ladder in ladders:
        combinations *= len(ladder.tokens)
        if combinations > _EXACT_COMBINATIONS:
            return False
    return True


def _exact(ladders: Sequence[Steps], budget: int) -> list[int]:
    frontier: list[tuple[int, float, tuple[int, ...]]] = [(0, 0.0, ())]
    floors = list(accumulate((ladder.tokens[0] for ladder in reversed(ladders)), initial=0))[::-1][1:]
    for ladder, floor in zip(ladders, floors, strict=True):
        grown = [
            (spent + tokens, gained + worth, (*chosen, rung))
            for spent, gained, chosen in frontier
            for rung, (tokens, worth) in enumerate(zip(ladder.tokens, ladder.worth, strict=True))
            if spent + tokens + floor <= budget
        ]
        frontier = _pareto(grown)
    return list(frontier[-1][2])


def _pareto(states: list[tuple[int, float, tuple[int, ...]]]) -> list[tuple[int, float, tuple[int, ...]]]:
    """Keep what no cheaper state matches; the last has the greatest worth."""
    states.sort(key=lambda state: (state[0], -state[1], state[2]))
    best, kept = -1.0, []
    for state in states:
        if state[1] > best:
            best = state[1]
            kept.append(state)
    return kept


def _greedy(ladders: Sequence[Steps], left: int) -> list[int]:
    owner: list[int] = []  # per hull segment: which ladder, the rung it leads to, its cost and its worth per token
    target: list[int] = []
    cost: list[int] = []
    density: list[float] = []
    chosen = []
    stride = max(1, sum(len(ladder.tokens) for ladder in ladders) // _HULL_RUNGS)
    for index, ladder in enumerate(ladders):
        hull = _sampled_hull(ladder, stride)
        chosen.append(hull[0])
        tokens, worth = ladder.tokens, ladder.worth
        below = hull[0]
        for rung in hull[1:]:
            step = tokens[rung] - tokens[below]
            owner.append(index)
            target.append(rung)
            cost.append(step)
            density.append((worth[rung] - worth[below]) / step)
            below = rung
        left -= tokens[hull[0]] - tokens[0]
    order = sorted(range(len(density)), key=density.__getitem__, reverse=True)
    spent = list(accumulate(map(cost.__getitem__, order)))
    fits = bisect_right(spent, left)
    taken = order[:fits]
    # Segments of one ladder come in rising order (their density falls), so the last one taken is the highest.
    for index, rung in dict(zip(map(owner.__getitem__, taken), map(target.__getitem__, taken), strict=True)).items():
        chosen[index] = rung
    left -= spent[fits - 1] if fits else 0
    return _fill(ladders, chosen, left, dict.fromkeys(map(owner.__getitem__, order[fits:])))


def _sampled_hull(ladder: Steps, stride: int) -> list[int]:
    """The hull of every `stride`-th rung and the last."""
    if stride == 1 or len(ladder.tokens) <= 2 * stride:
        return upper_hull(ladder.tokens, ladder.worth)
    last = len(ladder.tokens) - 1
    tokens, worth = (
        [*ladder.tokens[:last:stride], ladder.tokens[last]],
        [*ladder.worth[:last:stride], ladder.worth[last]],
    )
    return [min(point * stride, last) for point in upper_hull(tokens, worth)]


def _fill(ladders: Sequence[Steps], chosen: list[int], left: int, waiting: dict[int, None]) -> list[int]:
    """Spend what is left: most valuable ladder first, the highest rung that still fits, on the hull or off it."""
    for index in waiting:
        ladder, rung = ladders[index], chosen[index]
        tokens, worth = ladder.tokens, ladder.worth
        best = bisect_right(tokens, tokens[rung] + left) - 1
        while best > rung and worth[best - 1] >= worth[best]:  # no gain in the longer of the two
            best -= 1
        if best > rung:
            left -= tokens[best] - tokens[rung]
            chosen[index] = best
    return chosen


def upper_hull(tokens: Sequence[int], worth: Sequence[float]) -> list[int]:
    """Rungs on the upper convex hull, shortest first: each step gains less worth per token than the one before."""
    hull = [0]
    top_tokens, top_worth = tokens[0], worth[0]
    slope = float("inf")
    slopes = [slope]
    for rung in range(1, len(tokens)):
        gain = worth[rung] - top_worth
        if gain <= 0:
            continue
        step = tokens[rung] - top_tokens
        while len(hull) > 1 and gain >= slope * step:
            hull.pop()
            slopes.pop()
            slope = slopes[-1]
            top_tokens, top_worth = tokens[hull[-1]], worth[hull[-1]]
            gain, step = worth[rung] - top_worth, tokens[rung] - top_tokens
        if step <= 0:  # as cheap as the lowest rung and worth more
            hull[-1] = rung
        else:
            hull.append(rung)
            slope = gain / step
            slopes.append(slope)
        top_tokens, top_worth = tokens[rung], worth[rung]
    return hull
