"""Prose, Markdown and transcripts in any language: whole sentences (or turns) by what they tell the question."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from sparing.core.content import Content
from sparing.core.counter import Counter
from sparing.core.ladder import Ladder, Skip
from sparing.core.reducer import Ask
from sparing.reducers.centrality import centrality
from sparing.reducers.evidence import evidence
from sparing.reducers.packing import packed_ladder
from sparing.reducers.passages import Layout, lay_out
from sparing.reducers.terms import identifiers
from sparing.reducers.units import Units

_MARK = "[…]"  # one token of o200k_base with the blanks around it, and nothing that a text is likely to hold itself
_FRONT = 2  # units that come before those that only hold what the question names
_LEAST = 1e-3  # no unit is worth nothing: room that is left is better used than not
# Exponents from scores to worth. Fitted so that the worth of a rung is about the share of questions whose evidence it
# holds: 5 on passages of Natural Questions and XQuAD, 3.5 on meetings of QMSum.
_SHARPNESS, _TURN_SHARPNESS = 5.0, 3.5


class Prose:
    """Keeps sentences in their order and marks what is left out; see `evidence` and `centrality` for the choice."""

    name = "prose.v1"
    content = frozenset({Content.PROSE, Content.MARKDOWN})

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        """Offer one rung per sentence, and some between for budgets of a few sentences.

        Raises:
            DeadlineExceeded: The time was up first.
        """
        ask.deadline.check()
        if not text.strip():
            return Skip("blank")
        if "\0" in text:
            return Skip("binary")
        layout = lay_out(text, ask.deadline)
        if layout.num_units < 2:
            return Skip("one sentence")
        tokens = ask.counter.split(text, layout.bounds)
        ask.deadline.check()
        scores = _scores(text, layout, tokens, ask)
        best, sharpness = max(scores), _TURN_SHARPNESS if layout.turns else _SHARPNESS
        units = Units(
            text=text,
            bounds=layout.bounds,
            worth=[max(_LEAST, score / best) ** sharpness for score in scores],
            unit="turns" if layout.turns else "sentences",
            gap=lambda _: f"{_MARK} ",
            gap_at=_gap_at(text, layout.bounds),
            gap_tokens=_gap_tokens(ask.counter),
            reducer=self.name,
            order=_order(text, layout.bounds, scores, ask),
            must=_pinned(text, layout.bounds, ask.pins),
            tokens=tokens,
        )
        return packed_ladder(units, ask.counter)


def _scores(text: str, layout: Layout, tokens: Sequence[int], ask: Ask) -> list[float]:
    if ask.question:
        scores = evidence(text, layout, ask.question.text, ask.deadline)
        if any(scores):
            return scores
    return centrality(text, layout, tokens, ask.deadline)


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


def _pinned(text: str, bounds: Sequence[int], pins: Sequence[str]) -> frozenset[int]:
    return frozenset(unit for pin in pins for unit in _holders(text, bounds, pin))


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
        return _MARK + ("\n" * min(blanks.count("\n"), 2) or (" " if blanks else ""))

    return gap


def _gap_tokens(counter: Counter) -> int:
    return max(1, counter.count(f"One. {_MARK} Two.") - counter.count("One. Two."))
