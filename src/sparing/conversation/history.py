"""The turns so far: what was sent, what was left out, and where to find either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sparing.conversation.hidden import Range, not_in, ranges_of
from sparing.conversation.outcome import Outcome, TurnResult, settlement_of
from sparing.conversation.refer import Said
from sparing.conversation.shelf import Shelf
from sparing.conversation.turns import Turn
from sparing.core.reducer import Deadline
from sparing.core.verdict import Change
from sparing.offer import Offer
from sparing.rungs import as_it_is


class History:
    """Grows turn by turn: `begin` a turn, then `end` it with what it became. Use it in one thread at a time.

    Attributes:
        sent: How each piece so far is sent, in order.
        saved_tokens: What all turns so far have less than they came with, after what was supplied.
        num_chars: Of all texts so far.
    """

    def __init__(self) -> None:
        self.sent: list[Change] = []
        self.saved_tokens = 0
        self.num_chars = 0
        self._said = Said()
        self._shelf = Shelf()
        self._hidden: dict[int, list[Range]] = {}

    def begin(self, turn: Turn) -> None:
        """What the turn says in full may be referred to from now on."""
        self._said.add_whole(turn.spoken)
        self.num_chars += sum(len(span.text) for span in turn.spoken)

    def with_references(self, offers: Sequence[Offer], deadline: Deadline) -> list[Offer]:
        """The offers, with references to what was sent before where that is shorter."""
        return self._said.with_references(offers, deadline)

    def end(self, turn: Turn, result: TurnResult) -> None:
        """The turn became this."""
        settlement = settlement_of(result.outcomes, turn.pieces)
        self._said.add(settlement)
        for number, change in enumerate(settlement.changes, turn.first):
            self.num_chars += len(change.span.text)
            self.sent.append(change)
            self.saved_tokens += change.tokens_before - change.tokens_after
            if change.rendition.elisions:
                self._hidden[number] = ranges_of(change.rendition.elisions)
                self._shelf.put(number, change.span.text, change.rendition.elisions)
        for supply in result.supplied:
            self.saved_tokens -= supply.tokens
            self._hidden[supply.number] = not_in(self._hidden.get(supply.number, ()), supply.ranges)
        for number, outcome in result.replanned:
            self._replan(number, outcome)

    def hidden(self, number: int) -> list[Range]:
        """What of a piece was never sent."""
        return self._hidden.get(number, [])

    def left_out(self, question: str, most: int) -> list[int]:
        """Numbers of at most `most` pieces of which something was left out that has to do with a question."""
        return [number for number in self._shelf.find(question, most) if self._hidden.get(number)]

    def _replan(self, number: int, outcome: Outcome) -> None:
        """An earlier piece is sent like this from now on."""
        change = self.sent[number]
        text = change.span.text
        self.saved_tokens += change.tokens_after - outcome.tokens_after
        rendition = outcome.rendition or as_it_is(text, change.tokens_before).rendition
        self.sent[number] = replace(change, rendition=rendition, tokens_after=outcome.tokens_after)
        self._hidden[number] = ranges_of(rendition.elisions)
        self._shelf.put(number, text, rendition.elisions)
