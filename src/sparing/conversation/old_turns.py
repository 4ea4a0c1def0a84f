"""Old messages join the plan where a hard budget cannot be held without them.

What users and the model said is never touched by an effort. Only under a budget that the material alone cannot meet do
messages before the newest turns give way, phrase by phrase; what binds what comes (constraints, decisions, open tasks,
failed attempts, names) stays to the letter, and so does what the user asked for first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sparing.conversation.turns import Turn
from sparing.core.content import Content
from sparing.core.ladder import Ladder, Skip
from sparing.core.reducer import Ask
from sparing.core.span import Kind, Span
from sparing.errors import DeadlineExceeded
from sparing.offer import Offer
from sparing.reducers.history import old_turn_ladder

_NEWEST_TURNS = 2  # stay whole
_FEWEST_TOKENS = 12


def old_turn_offers(turns: Sequence[Turn], ask: Ask) -> list[Offer]:
    """Ladders for what was said before the newest turns.

    Args:
        ask: Its question is what the conversation has come to.
    """
    offers = []
    for span in _said(turns[:-_NEWEST_TURNS]):
        tokens = ask.counter.count(span.text)
        if tokens >= _FEWEST_TOKENS:
            offers.append(Offer(span, Content.DIALOGUE, ask, tokens, _ladder(span, ask), is_floor=True))
    return offers


def _said(turns: Sequence[Turn]) -> Iterator[Span]:
    for turn in turns:
        if turn.block:  # the first turn says what it is all about
            yield from (span for span in turn.asked if span.literal is not None)
        yield from (span for span in turn.spans if span.kind is Kind.ASSISTANT and span.literal is not None)


def _ladder(span: Span, ask: Ask) -> Ladder | Skip:
    try:
        return old_turn_ladder(span.text, span.kind, ask)
    except DeadlineExceeded:
        return Skip("deadline: no time left for old turns")
