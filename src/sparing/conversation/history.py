"""The turns so far: what was sent, what was left out, and where to find either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sparing.conversation.hidden import Range, not_in, ranges_of
from sparing.conversation.outcome import Replan, TurnResult, settlement_of
from sparing.conversation.refer import REFERENCES, Said
from sparing.conversation.shelf import Shelf
from sparing.conversation.turns import Turn
from sparing.core.deadline import Deadline
from sparing.core.ladder import Rendition
from sparing.core.span import Kind
from sparing.core.verdict import Change
from sparing.offer import Offer
from sparing.plan.economics import CacheCosts, pays_to_rewrite, pays_to_send_whole
from sparing.reducers.masked_result import NAME as MASKED
from sparing.rungs import as_it_is

LINE_TOKENS = 40  # about what a result takes that is told in a line


def is_maskable(change: Change) -> bool:
    """Whether a piece is a tool's result of which a line would be much shorter."""
    if change.span.kind is not Kind.TOOL_RESULT or change.rendition.reducer == MASKED:
        return False
    return change.tokens_after >= 2 * LINE_TOKENS


class History:
    """Grows turn by turn: `begin` a turn, then `end` it with what it became. Use it in one thread at a time.

    Attributes:
        sent: How each piece so far is sent, in order.
        saved_tokens: What all turns so far have less than they came with, after what was supplied.
        num_chars: Of all texts so far.
        read_chars: Of texts that the encoder read, as far as the time allowed it.
    """

    def __init__(self, costs: CacheCosts, keep_turns: int) -> None:
        self.sent: list[Change] = []
        self.saved_tokens = 0
        self.num_chars = 0
        self.read_chars = 0
        self._costs = costs
        self._keep_turns = keep_turns
        self._carried = 0.0
        self._said = Said()
        self._shelf = Shelf()
        self._hidden: dict[int, list[Range]] = {}
        self._supplied: dict[int, int] = {}
        self._turn_of: list[int] = []
        self._turn_tokens: list[int] = []
        self._spoken: list[list[str]] = []
        self._whole: set[str] = set()  # labels of what has to be sent whole

    def begin(self, turn: Turn) -> None:
        """What the turn says in full may be referred to from now on."""
        spoken = list(turn.spoken)
        self._said.add_whole(spoken)
        self._whole.update(piece.span.label for piece in turn.pieces if piece.is_exempt)
        self._spoken.append([span.text for span in spoken if span.kind is not Kind.SYSTEM])
        self.num_chars += sum(len(span.text) for span in turn.spans)

    def with_references(self, offers: Sequence[Offer], deadline: Deadline) -> list[Offer]:
        """The offers, with references to what was sent before where that is shorter."""
        return self._said.with_references(offers, deadline)

    def refer(self, changes: Sequence[Change]) -> None:
        """What these refer to has to be sent whole from now on."""
        for change in changes:
            if change.rendition.reducer == REFERENCES:
                self._whole.update(c.span.label for c in self.sent if c.span.label in change.rendition.text)

    def end(self, turn: Turn, result: TurnResult, tokens: int) -> None:
        """The turn became this.

        Args:
            tokens: Of everything in the turn as it came.
        """
        settlement = settlement_of(result.outcomes, turn.pieces)
        self._said.add(settlement)
        self.refer(settlement.changes)
        self._turn_tokens.append(tokens)
        for number, change in enumerate(settlement.changes, turn.first):
            self.sent.append(change)
            self._turn_of.append(len(self._turn_tokens) - 1)
            self._save(number, change.tokens_before - change.tokens_after)
            if change.rendition.judged_by.startswith("encoder"):
                self.read_chars += len(change.span.text)
            if change.rendition.reducer != REFERENCES:
                self._hide(number, change.rendition)
        for supply in result.supplied:
            self._hidden[supply.number] = not_in(self.hidden(supply.number), supply.ranges)
            self._supplied[supply.number] = self._supplied.get(supply.number, 0) + supply.tokens
            self.saved_tokens -= supply.tokens
            self._turn_tokens[-1] += supply.tokens
        for replan in result.replanned:
            self._replan(replan)
        self._carry(result)

    def hidden(self, number: int) -> list[Range]:
        """What of a piece was never sent."""
        return self._hidden.get(number, [])

    def left_out(self, question: str, most: int) -> list[int]:
        """Numbers of at most `most` pieces of which something was left out that has to do with a question."""
        return [number for number in self._shelf.find(question, most) if self._hidden.get(number)]

    @property
    def num_turns(self) -> int:
        return len(self._turn_tokens)

    def old_results(self) -> list[int]:
        """Numbers of tools' results that could be one line each: long, old, not exempt, and nothing refers to them."""
        last = self.num_turns - self._keep_turns
        return [
            number
            for number, (change, turn) in enumerate(zip(self.sent, self._turn_of, strict=True))
            if turn < last and is_maskable(change) and change.span.label not in self._whole
        ]

    def is_time_to_rewrite(self, number: int, saved_tokens: int) -> bool:
        """Whether carrying old results has cost what it costs to save so many tokens from a piece on."""
        return pays_to_rewrite(self._costs, self._carried, self.tokens_behind(number) - saved_tokens)

    def said_since(self, number: int) -> str:
        """What users and the model said and called from a piece's turn on."""
        return "\n".join(text for turn in self._spoken[self._turn_of[number] :] for text in turn)

    def had_better_be_whole(self, number: int, supplied_tokens: int) -> bool:
        """Whether sending a piece whole from now on costs less than supplying so many tokens of it."""
        change = self.sent[number]
        more = change.tokens_before - change.tokens_after - self._supplied.get(number, 0)
        behind = self.tokens_behind(number)
        return pays_to_send_whole(self._costs, supplied_tokens, more, behind, len(self._turn_tokens))

    def tokens_behind(self, number: int) -> int:
        """Tokens of the turn that a piece is in and of all after it, as they are sent."""
        return sum(self._turn_tokens[self._turn_of[number] :])

    def _carry(self, result: TurnResult) -> None:
        if any(not replan.is_whole for replan in result.replanned):
            self._carried = 0.0
        excess = sum(self.sent[number].tokens_after - LINE_TOKENS for number in self.old_results())
        self._carried += self._costs.carrying(excess, 1)

    def _replan(self, replan: Replan) -> None:
        """An earlier piece is sent like this from now on."""
        change = self.sent[replan.number]
        rendition = replan.outcome.rendition or as_it_is(change.span.text, change.tokens_before).rendition
        self.sent[replan.number] = replace(change, rendition=rendition, tokens_after=replan.outcome.tokens_after)
        self._save(replan.number, change.tokens_after - replan.outcome.tokens_after)
        if rendition.elisions:
            self._said.forget(change.span)
        if replan.is_whole:
            self.saved_tokens += self._supplied.pop(replan.number, 0)
        self._hide(replan.number, rendition)

    def _save(self, number: int, tokens: int) -> None:
        self.saved_tokens += tokens
        self._turn_tokens[self._turn_of[number]] -= tokens

    def _hide(self, number: int, rendition: Rendition) -> None:
        if not rendition.elisions:
            self._hidden.pop(number, None)
            return
        self._hidden[number] = ranges_of(rendition.elisions)
        self._shelf.put(number, self.sent[number].span.text)
