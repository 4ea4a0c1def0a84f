"""Fold a request turn by turn: every turn's material under that turn's own budget.

What a turn becomes depends only on the turns up to it and on the policy, so what was sent last time is sent again
byte for byte and the provider's prompt cache holds. Only an explicit budget that older turns leave no room for re-plans them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sparing.offer import Offer
from sparing.plan.effort import Target
from sparing.settle import Settlement, settle, untouched


def fold(
    offers: Sequence[Offer],
    *,
    target: Target,
    min_tokens: int,
    available_tokens: int | None,
    pins: tuple[str, ...],
) -> list[Settlement]:
    """Settle every turn.

    Args:
        offers: In order of the request.
        available_tokens: What all offers together may have; None leaves each turn to `target`.
    Returns:
        Settlements that together cover the offers, in order; the last one's `fits` says whether the budget holds.
    """
    turns = [list(turn) for _, turn in groupby(offers, key=lambda offer: offer.span.block)]
    if not turns:
        return []
    older = [_settle_turn(turn, target, min_tokens, pins) for turn in turns[:-1]]
    if available_tokens is None:
        return [*older, _settle_turn(turns[-1], target, min_tokens, pins)]
    left = available_tokens - sum(one.tokens for one in older)
    newest = settle(turns[-1], left, pins, lossless=target.lossless)
    if newest.fits or not older:
        return [*older, newest]
    return [settle(offers, available_tokens, pins, lossless=target.lossless)]


def _settle_turn(turn: Sequence[Offer], target: Target, min_tokens: int, pins: tuple[str, ...]) -> Settlement:
    total = sum(offer.tokens for offer in turn)
    if total < min_tokens:
        return untouched(turn, f"fewer than {min_tokens} reducible tokens in this turn")
    budget = sum(offer.tokens * (target.kept if offer.ask.question else target.kept_blind) for offer in turn)
    return settle(turn, round(budget), pins, lossless=target.lossless)
