"""What a turn became, without the texts it was made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sparing.conversation.resupply import Supply
from sparing.core.ladder import Rendition
from sparing.core.summaries import Wanted
from sparing.core.verdict import Change, Floor
from sparing.plan.zones import Piece
from sparing.rungs import as_it_is
from sparing.settle import Settlement


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one piece became.

    Attributes:
        rendition: None where the text goes out as it came.
        reason: Why it is as it is; "" if there is nothing to say.
        floor: See `Change`.
    """

    content: str
    rendition: Rendition | None
    tokens_before: int
    tokens_after: int
    reason: str
    floor: Floor | None = None

    @property
    def in_time(self) -> bool:
        """Whether no deadline cut it short."""
        judged_by = self.rendition.judged_by if self.rendition else ""
        return not self.reason.startswith("deadline") and not judged_by.startswith("deadline")

    def change(self, piece: Piece) -> Change:
        """The same as a change of this piece."""
        rendition = self.rendition or as_it_is(piece.span.text, self.tokens_before).rendition
        before, after, question = self.tokens_before, self.tokens_after, piece.question
        return Change(piece.span, self.content, rendition, before, after, question, floor=self.floor)


@dataclass(frozen=True, slots=True)
class Replan:
    """What an earlier piece is from this turn on: here the cached prefix ends.

    Attributes:
        number: Of the piece, in the order of the request. Where it is sent whole, what was supplied of it goes.
    """

    number: int
    outcome: Outcome

    @property
    def is_whole(self) -> bool:
        return self.outcome.rendition is None


@dataclass(frozen=True, slots=True)
class TurnResult:
    """What one turn became, and what it did to earlier ones.

    Attributes:
        outcomes: One per piece of the turn.
        supplied: Stretches of earlier texts, in the order in which they stand before the user's words.
        replanned: Earlier pieces that are sent otherwise from this turn on.
        wanted: Those of them that would be told in a model's words, if they were there.
    """

    outcomes: tuple[Outcome, ...]
    supplied: tuple[Supply, ...] = ()
    replanned: tuple[Replan, ...] = ()
    wanted: tuple[Wanted, ...] = ()

    @property
    def in_time(self) -> bool:
        """Whether the turn becomes this however often it is asked for: no deadline cut it short, nothing is awaited."""
        return not self.wanted and all(outcome.in_time for outcome in self.outcomes)

    @property
    def num_chars(self) -> int:
        """How much text it holds."""
        outcomes = (*self.outcomes, *(replan.outcome for replan in self.replanned))
        kept = sum(len(o.rendition.text) for o in outcomes if o.rendition is not None)
        return kept + sum(len(supply.text) for supply in self.supplied)


def outcomes_of(settlement: Settlement) -> tuple[Outcome, ...]:
    """A settlement without the texts it was made from."""
    return tuple(
        _outcome(change, reason) for change, reason in zip(settlement.changes, settlement.reasons, strict=True)
    )


def settlement_of(outcomes: Iterable[Outcome], pieces: Iterable[Piece]) -> Settlement:
    """Outcomes and the pieces that they belong to as a settlement."""
    outcomes = list(outcomes)
    changes = tuple(outcome.change(piece) for outcome, piece in zip(outcomes, pieces, strict=True))
    return Settlement(changes, tuple(outcome.reason for outcome in outcomes), fits=True)


def _outcome(change: Change, reason: str) -> Outcome:
    same = change.rendition.text == change.span.text
    rendition = None if same else change.rendition
    return Outcome(change.content, rendition, change.tokens_before, change.tokens_after, reason, change.floor)
