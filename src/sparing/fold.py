"""Fold a request turn by turn: every turn's material under that turn's own budget.

What a turn becomes depends only on the turns up to it and on the policy, so what was sent last time is sent again
byte for byte and the provider's prompt cache holds. Only an explicit budget that older turns leave no room for
re-plans them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sparing.core.content import Content
from sparing.core.reducer import Deadline
from sparing.core.span import Span
from sparing.offer import Offer, whole_only
from sparing.plan.effort import Target
from sparing.refer import Said
from sparing.settle import Settlement, settle, untouched


def fold(
    offers: Sequence[Offer],
    said: Sequence[Span] = (),
    *,
    target: Target,
    min_tokens: int,
    available_tokens: int | None,
    pins: tuple[str, ...],
    deadline: Deadline,
) -> list[Settlement]:
    """Settle every turn.

    Args:
        offers: In order of the request.
        said: Texts that are sent as they are and may be referred to by later turns.
        available_tokens: What all offers together may have; None leaves each turn to `target`.
    Returns:
        Settlements that together cover the offers, in order; the last one's `fits` says whether the budget holds.
    """
    turns = [list(turn) for _, turn in groupby(offers, key=lambda offer: offer.span.block)]
    memory = Said(deadline)
    settled: list[Settlement] = []
    for turn in turns:
        block = turn[0].span.block
        memory.add_whole(span for span in said if span.block <= block)
        said = [span for span in said if span.block > block]
        referring = memory.with_references(turn)
        if turn is not turns[-1] or available_tokens is None:
            settled.append(_settle_turn(referring, target, min_tokens, pins))
            memory.add(settled[-1])
            continue
        left = available_tokens - sum(one.tokens for one in settled)
        newest = settle(referring, left, pins, lossless=target.lossless, must_fit=len(turns) == 1)
        if newest.fits or len(turns) == 1:
            return [*settled, newest]
        return [settle(offers, available_tokens, pins, lossless=target.lossless, must_fit=True)]
    return settled


def _settle_turn(turn: Sequence[Offer], target: Target, min_tokens: int, pins: tuple[str, ...]) -> Settlement:
    total = sum(offer.tokens for offer in turn)
    if total < min_tokens:
        return untouched(turn, f"fewer than {min_tokens} reducible tokens in this turn")
    return settle_by_effort(turn, target, pins)


def settle_by_effort(offers: Sequence[Offer], target: Target, pins: tuple[str, ...]) -> Settlement:
    """Settle what belongs together by an effort's own shares: short and dense texts lose nothing."""
    careful = [whole_only(offer) if is_spared(offer, target) else offer for offer in offers]
    aim = sum(offer.tokens * _share(offer, target) for offer in offers)
    return settle(careful, round(aim), pins, lossless=target.lossless)


def _share(offer: Offer, target: Target) -> float:
    if is_spared(offer, target):
        return 1.0
    if offer.content is Content.LOG:
        return target.kept_log
    return target.kept if offer.ask.question else target.kept_blind


def is_spared(offer: Offer, target: Target) -> bool:
    """Whether a text is too short, or too dense for its length, to lose anything."""
    dense = offer.content in (Content.JSON, Content.JSON_ROWS)
    return offer.tokens < (target.lossless_json_below_tokens if dense else target.lossless_below_tokens)
