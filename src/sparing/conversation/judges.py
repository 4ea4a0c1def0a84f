"""Who judges the pieces of a turn, and what that may cost: a function of the conversation up to it and the policy.

A process that has not seen a conversation works all of it out at once, so what its turns may cost together is bounded:
beyond that later turns are judged by cheaper tiers, in every process alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from sparing.core.counter import Counter
from sparing.core.selector import Selector
from sparing.plan.effort import TARGETS
from sparing.plan.zones import Piece
from sparing.select.choose import larger, selector_for
from sparing.select.costs import reading_ms
from sparing.settings import PolicySettings

_CONVERSATION = 2.0  # deadlines that all turns before a turn may have cost; turns that are worked out again have three


def judges_of(
    pieces: Sequence[Piece],
    policy: PolicySettings,
    counter: Counter,
    read_chars: int,
    *,
    to_a_budget: bool = False,
    by_larger_tier: bool = False,
) -> list[Selector | None]:
    """A selector per piece, None for one that will lose nothing.

    Args:
        read_chars: Of texts of earlier turns that the encoder read.
        to_a_budget: Whether short texts may have to lose something too.
        by_larger_tier: Whether a larger tier than the rules judges, though a risk is asked for.
    """
    target = TARGETS[policy.effort]
    if target.lossless:
        return [None] * len(pieces)
    tokens = [counter.count(piece.span.text) for piece in pieces]
    least = 0 if to_a_budget else target.lossless_below_tokens
    judged = [size if piece.question and size >= least else 0 for piece, size in zip(pieces, tokens, strict=True)]
    if not to_a_budget and sum(tokens) < policy.min_tokens:
        return [None] * len(pieces)
    left_ms = min(policy.deadline_ms, _CONVERSATION * policy.deadline_ms - reading_ms(read_chars))
    total = sum(judged) or 1
    left_ms, at_risk = max(0.0, left_ms), policy.risk > 0 and not by_larger_tier
    select = larger(policy.select) if by_larger_tier else policy.select
    return [selector_for(select, left_ms, size / total, at_risk=at_risk) if size else None for size in judged]
