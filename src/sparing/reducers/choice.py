"""What is common to texts whose units are chosen by score: the order, the pins, how a gap reads, and the ladder."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from sparing.core.counter import Counter
from sparing.core.reducer import Ask
from sparing.core.selector import Judged, Sections
from sparing.reducers.clause_cuts import Whole, cut_clauses
from sparing.reducers.dependents import with_dependents
from sparing.reducers.packing import PackedLadder, packed_ladder
from sparing.reducers.terms import ends, identifiers
from sparing.reducers.units import Units

MARK = "[…]"  # one token of o200k_base with the blanks around it, and nothing that a text is likely to hold itself
# Behind the reducer's name: whose scores a ladder stands on, and how it is built on them.
_SCORERS = {"rules": "", "static": "/static", "encoder": "/encoder.v3"}
_FRONT = 2  # units that come before those that only hold what the question names
_ANSWERS = 0.2  # chance from which on a unit without a word of the question may answer it
_LEAST = 1e-3  # no unit is worth nothing: room that is left is better used than not


def judge(text: str, sections: Sections, rules: Sequence[float], ask: Ask) -> Judged:
    """What the selector makes of units that the rules have weighed; without one, or a question, what they say.

    Where no word of the question is found and no unit seems to answer it either, it was no question about this text
    ("Sum it up"): then all scores are 0.
    """
    if ask.selector is None or not ask.question:
        return Judged(rules, "rules")
    judged = ask.selector.judge(text, sections, ask.question.text, rules, ask.deadline)
    if any(rules) or judged.sharpness is None or max(judged.scores, default=0.0) >= _ANSWERS:
        return judged
    return Judged(rules, judged.by)


def scored_ladder(
    text: str,
    bounds: Sequence[int],
    tokens: Sequence[int],
    judged: Judged,
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
        judged: Of each unit, the best above 0.
        sharpness: Exponent from the rules' scores to worth.
        unit: Plural noun.
    """
    scores = judged.scores if unit == "turns" else with_dependents(text, bounds, judged.scores)
    best = max(scores)
    exponent = sharpness if judged.sharpness is None else judged.sharpness
    worth = [max(_LEAST, score / best) ** exponent for score in scores]
    must = pinned(text, bounds, ask.pins)
    order = _order(text, bounds, scores, ask)
    spare = [at for at in judged.spare if not _names(text[at[0] : at[1]], ask)]
    cut = cut_clauses(Whole(text, bounds, tokens, scores, worth, order, must), spare, ask.counter)
    units = Units(
        text=text,
        bounds=cut.bounds,
        worth=cut.worth,
        unit=unit,
        gap=lambda _: f"{MARK} ",
        gap_at=_gap_at(text, cut.bounds),
        gap_tokens=_gap_tokens(ask.counter),
        reducer=reducer + _SCORERS[judged.tier],
        order=cut.order,
        must=cut.must,
        tokens=cut.tokens,
        judged_by=judged.by,
        counts=cut.counts,
    )
    return packed_ladder(units, ask.counter, cut.never_last)


def pinned(text: str, bounds: Sequence[int], pins: Sequence[str]) -> frozenset[int]:
    """Units that hold a part of any pin."""
    return frozenset(unit for pin in pins for unit in _holders(text, bounds, pin))


def _names(clause: str, ask: Ask) -> bool:
    """Whether it holds what the question names literally."""
    return ask.question is not None and any(name in clause for name in identifiers(ends(ask.question.text)))


def _order(text: str, bounds: Sequence[int], scores: Sequence[float], ask: Ask) -> list[int]:
    """By score; what the question names literally near the front, so that no budget loses it to a paraphrase."""
    order = sorted(range(len(scores)), key=lambda unit: -scores[unit])
    if not ask.question:
        return order
    front = order[:_FRONT]
    for name in identifiers(ends(ask.question.text)):
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
