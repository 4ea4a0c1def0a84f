"""What all turns became, put together: a request as it may go out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sparing.conversation.outcome import Outcome, TurnResult, settlement_of
from sparing.conversation.resupply import Supply
from sparing.conversation.turns import Turn
from sparing.core.span import Edit, Span
from sparing.core.summaries import Wanted
from sparing.settle import Settlement


@dataclass(frozen=True, slots=True)
class Addition:
    """What is put before the users' words in `span`."""

    span: Span
    supplied: tuple[Supply, ...]

    @property
    def tokens(self) -> int:
        return sum(supply.tokens for supply in self.supplied)

    @property
    def edit(self) -> Edit:
        return Edit(self.span, "".join(supply.text for supply in self.supplied) + self.span.text)


@dataclass(frozen=True, slots=True)
class Folded:
    """A request as it may go out.

    Attributes:
        settlement: Covers all pieces, in order.
        rewritten_tokens: Of earlier turns, tokens that stand behind what is sent otherwise than last time.
        fits: Whether the budget holds, as far as the pieces' own counts tell.
        wanted: Old results of which the newest turn would tell a summary, were it there.
    """

    settlement: Settlement
    additions: tuple[Addition, ...] = ()
    rewritten_tokens: int = 0
    fits: bool = True
    wanted: tuple[Wanted, ...] = ()

    @property
    def saved_tokens(self) -> int:
        """What the pieces have less, after what was added."""
        saved = sum(change.tokens_before - change.tokens_after for change in self.settlement.changes)
        return saved - sum(addition.tokens for addition in self.additions)


def folded_of(turns: Sequence[Turn], results: Sequence[TurnResult], tokens_of: Callable[[Turn], int]) -> Folded:
    """The results of these turns, the oldest first.

    Args:
        tokens_of: How many tokens a turn has as it came.
    """
    outcomes: list[Outcome] = []
    supplied: list[tuple[Supply, ...]] = []
    for result in results:
        for replan in result.replanned:
            outcomes[replan.number] = replan.outcome
            if replan.is_whole:
                supplied = [tuple(s for s in before if s.number != replan.number) for before in supplied]
        outcomes += result.outcomes
        supplied.append(result.supplied)
    additions = [
        Addition(place, some)
        for turn, some in zip(turns, supplied, strict=True)
        if some and (place := place_of(turn)) is not None
    ]
    pieces = [piece for turn in turns for piece in turn.pieces]
    settlement = settlement_of(outcomes, pieces)
    rewritten = _rewritten(turns, results, outcomes, supplied, tokens_of)
    wanted = results[-1].wanted if results else ()
    return Folded(settlement, tuple(additions), rewritten, wanted=wanted)


def place_of(turn: Turn) -> Span | None:
    """The users' newest words in a turn that something can be put before."""
    return next((span for span in reversed(turn.asked) if span.literal is not None), None)


def _rewritten(
    turns: Sequence[Turn],
    results: Sequence[TurnResult],
    outcomes: Sequence[Outcome],
    supplied: Sequence[Sequence[Supply]],
    tokens_of: Callable[[Turn], int],
) -> int:
    replanned = results[-1].replanned if results else ()
    if not replanned:
        return 0
    first = min(replan.number for replan in replanned)
    total = 0
    for turn, some in zip(turns[:-1], supplied, strict=False):
        if turn.first + len(turn.pieces) > first:
            own = outcomes[turn.first : turn.first + len(turn.pieces)]
            saved = sum(outcome.tokens_before - outcome.tokens_after for outcome in own)
            total += tokens_of(turn) - saved + sum(supply.tokens for supply in some)
    return total
