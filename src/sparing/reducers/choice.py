"""What is common to texts whose units are chosen by score: the order, the pins, how a gap reads, and the ladder."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from sparing.core.counter import Counter
from sparing.core.reducer import Ask
from sparing.reducers.dependents import with_dependents
from sparing.reducers.packing import PackedLadder, packed_ladder
from sparing.reducers.terms import identifiers
from sparing.reducers.units import Units

MARK = "[…]"  # one token of o200k_base with the blanks around it, and nothing that a text is likely to hold itself
_FRONT = 2  # units that come before those that only hold what the question names
_LEAST = 1e-3  # no unit is worth nothing: room that is left is better used than not


def scored_ladder(
    text: str,
    bounds: Sequence[int],
    tokens: Sequence[int],
    scores: Sequence[float],
    ask: Ask,
    *,
    sharpness: float,
    unit: str,
    reducer: str,
) -> PackedLadder:
    """One rung per unit, the best scores first, and some between for budgets of a few units.

    Args:
        bounds: Unit i is ``text[bounds[i]:bounds[i + 1]]``.
        tokens: Of each unit.
        scores: Of each unit, >= 0, the best above 0.
        sharpness: Exponent from scores to worth.
        unit: Plural noun.
    """
    scores = scores if unit == "turns" else with_dependents(text, bounds, scores)
    best = max(scores)
    units = Units(
        text=text,
        bounds=bounds,
        worth=[max(_LEAST, score / best) ** sharpness for score in scores],
        unit=unit,
        gap=lambda _: f"{MARK} ",
        gap_at=_gap_at(text, bounds),
        gap_tokens=_gap_tokens(ask.counter),
        reducer=reducer,
        order=_order(text, bounds, scores, ask),
        must=pinned(text, bounds, ask.pins),
        tokens=tokens,
    )
    return packed_ladder(units, ask.counter)


def pinned(text: str, bounds: Sequence[int], pins: Sequence[str]) -> frozenset[int]:
    """Units that hold a part of any pin."""
    return frozenset(unit for pin in pins for unit in _holders(text, bounds, pin))


def _order(text: str, bounds: Sequence[int], scores: Sequence[float], ask: Ask) -> list[int]:
    """By score; what the question names literally near the front, so that no budget loses it to a paraphrase."""
    order = sorted(range(len(scores)), key=lambda unit: -scores[unit])
    if not ask.question:
        return order
    front = order[:_FRONT]
    for name in identifiers(ask.question.text):
        holders = _holders(text, bounds, name)
        if holders and not holders & set(front):
            front.append(max(sorted(holders), key=lambda unit: scores[unit]))
    return list(dict.fromkeys([*front, *order]))


def _holders(text: str, bounds: Sequence[int], literal: str) -> set[int]:
    """Units that hold a part of any occurrence of a literal string."""
    held: set[int] = set()
    at = text.find(literal) if literal else -1
    while at >= 0:
        held.update(range(bisect_right(bounds, at) - 1, bisect_left(bounds, at + len(literal))))
        at = text.find(literal, at + 1)
    return held


def _gap_at(text: str, bounds: Sequence[int]) -> Callable[[int, int], str]:
    """A gap that ends as what it stands for ends: paragraphs and turns stay apart."""

    def gap(start: int, end: int) -> str:
        last = text[bounds[end - 1] : bounds[end]]
        blanks = last[len(last.rstrip()) :]
        return MARK + ("\n" * min(blanks.count("\n"), 2) or (" " if blanks else ""))

    return gap


def _gap_tokens(counter: Counter) -> int:
    return max(1, counter.count(f"One. {MARK} Two.") - counter.count("One. Two."))
