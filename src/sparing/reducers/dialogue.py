"""Conversations written as text, ``Speaker: words`` to the line.

With a question: whole turns that hold or surround the evidence. Without one: the pieces of turns that say something,
to the letter, with a mark of one token for what is left out between them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sparing.core.content import Content
from sparing.core.ladder import Ladder, Skip
from sparing.core.reducer import Ask
from sparing.reducers.choice import pinned, scored_ladder
from sparing.reducers.packing import packed_ladder
from sparing.reducers.passages import lay_out
from sparing.reducers.prose import TURN_SHARPNESS
from sparing.reducers.turn_evidence import turn_evidence
from sparing.reducers.turn_order import order_pieces
from sparing.reducers.turn_pieces import cut_turns
from sparing.reducers.units import Units

_MARK = "…"  # one token of o200k_base, with a blank before it or a line break after it


class Dialogue:
    """Turns by what they tell the question; pieces of turns by what they tell at all."""

    name = "dialogue.v1"
    content = frozenset({Content.DIALOGUE})

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        """Offer one rung per turn, or per piece of a turn where nobody asks.

        Raises:
            DeadlineExceeded: The time was up first.
        """
        ask.deadline.check()
        if not text.strip():
            return Skip("blank")
        if "\0" in text:
            return Skip("binary")
        return (_turns(text, ask) if ask.question else None) or _pieces(text, ask)


def _turns(text: str, ask: Ask) -> Ladder | None:
    """A rung per turn; None when no turn has a word of the question."""
    layout = lay_out(text, ask.deadline)
    scores = turn_evidence(text, layout, ask.question.text if ask.question else "", ask.deadline)
    if not any(scores):
        return None
    return scored_ladder(
        text,
        layout.bounds,
        ask.counter.split(text, layout.bounds),
        scores,
        ask,
        sharpness=TURN_SHARPNESS,
        unit="turns",
        reducer=Dialogue.name,
    )


def _pieces(text: str, ask: Ask) -> Ladder | Skip:
    pieces = cut_turns(text)
    ask.deadline.check()
    if len(pieces.bounds) < 3:
        return Skip("one phrase")
    tokens = ask.counter.split(text, pieces.bounds)
    order = order_pieces(pieces, tokens, _GAP_TOKENS)
    ask.deadline.check()
    units = Units(
        text=text,
        bounds=pieces.bounds,
        worth=order.worth,
        unit="phrases",
        gap=lambda _: f"{_MARK} ",
        gap_at=_gap_at(text, pieces.bounds),
        gap_tokens=_GAP_TOKENS,
        reducer=Dialogue.name,
        order=order.pieces,
        must=pinned(text, pieces.bounds, ask.pins),
        tokens=tokens,
    )
    return packed_ladder(units, ask.counter)


_GAP_TOKENS = 1


def _gap_at(text: str, bounds: Sequence[int]) -> Callable[[int, int], str]:
    """A mark that ends the line where a line ends in the gap, so that turns stay apart and no line holds a mark alone
    unless whole turns are left out between two speakers."""

    def gap(start: int, end: int) -> str:
        first, last = bounds[start], bounds[end]
        at_line_start = not first or text[first - 1] == "\n"
        breaks = text[last - 1] == "\n" or (not at_line_start and "\n" in text[first:last])
        return _MARK + ("\n" if breaks else " ")

    return gap
