"""Settle what belongs together with no budget: by an effort's own shares, or by the risk that was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.core.content import Content
from sparing.offer import Offer, whole_only
from sparing.plan.effort import Target
from sparing.settle import Settlement, settle


def settle_by_effort(offers: Sequence[Offer], target: Target, pins: tuple[str, ...]) -> Settlement:
    """A rendition for every offer, within what the effort keeps of it; short and dense texts lose nothing."""
    careful = [whole_only(offer) if is_spared(offer, target) else offer for offer in offers]
    aim = sum(offer.tokens * _share(offer, target) for offer in offers)
    return settle(careful, round(aim), pins, lossless=target.lossless)


def settle_by_risk(offers: Sequence[Offer], pins: tuple[str, ...], *, lossless: bool = False) -> Settlement:
    """The shortest rendition of every offer that its floor allows; see `at_risk.with_floor`.

    Short and dense texts are not spared: what may be left out of them is for the calibration to say.
    """
    return settle(offers, 0, pins, lossless=lossless)


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
