"""Only what is worth enough for the risk that was asked for: ladders cut from below, and what a rung may have lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sparing.core.calibration import Calibration, Curve, Signs
from sparing.core.ladder import Ladder, Rendition, Skip
from sparing.core.verdict import Change, Floor
from sparing.guard.anomaly import signs_of, unlike
from sparing.guard.language import in_other_language
from sparing.handles import is_lossy
from sparing.offer import Offer
from sparing.plan.calibration import calibration_in
from sparing.plan.risk import Asked, expected_loss, fewest, first_above, threshold
from sparing.rungs import FromRung, WholeOnly
from sparing.settings import PolicySettings

UNKNOWN = -1.0


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which something may be left out.

    Attributes:
        distrust: Content types whose calibration does not count.
        larger_tier: Whether the selector's larger tiers are asked where a budget is too small for what the rules need.
    """

    asked: Asked
    calibration: Calibration
    distrust: tuple[str, ...] = ()
    larger_tier: bool = False


def terms_of(policy: PolicySettings) -> Terms | None:
    """What a policy asks for; None where it asks for no risk."""
    if not policy.risk:
        return None
    asked = Asked(policy.risk, policy.risk_confidence)
    larger_tier = policy.risk_conflict == "tier"
    return Terms(asked, calibration_in(policy.calibration_file), policy.risk_distrust, larger_tier)


def with_floor(offer: Offer, terms: Terms) -> Offer:
    """The offer without the rungs that are not worth enough; only the lossless one where nobody can tell."""
    if isinstance(offer.ladder, Skip):
        return offer
    ladder = offer.ladder
    signs = signs_of(offer.span.text, ladder.tokens, ladder.worth)
    curve = terms.calibration.curve(ladder.reducer, offer.content)
    why = _why_whole(offer, ladder.reducer, curve, signs, terms)
    above = threshold(curve, terms.asked) if curve and not why else None
    floor = Floor(above, f"risk: {why}" if why else "", ladder.reducer, curve.n if curve else 0, signs)
    return replace(offer, ladder=above_floor(ladder, floor), floor=floor)


def above_floor(ladder: Ladder, floor: Floor | None) -> Ladder:
    """The rungs that are worth enough; only the lossless one where the floor says so, or was set for another scorer."""
    if floor is None:
        return ladder
    if floor.above is None or ladder.reducer != floor.scorer:
        return WholeOnly(ladder)
    return FromRung(ladder, first_above(ladder.worth, floor.above))


def loss_of(rendition: Rendition, content: str, calibration: Calibration) -> float:
    """The share of what was needed that a rendition is expected to have lost; `UNKNOWN` for what is not calibrated."""
    if not is_lossy(rendition):
        return 0.0
    curve = calibration.curve(rendition.reducer, content)
    return UNKNOWN if curve is None else expected_loss(curve, rendition.worth)


def worst(losses: Iterable[float]) -> float:
    """The most that any text is expected to have lost; `UNKNOWN` where one of them is."""
    known = list(losses)
    return UNKNOWN if UNKNOWN in known else max(known, default=0.0)


def losses_of(changes: Sequence[Change], calibration: Calibration) -> list[float]:
    """Of every change what it is expected to have lost. Judged by no question, nobody knows what was needed."""
    return [
        UNKNOWN
        if change.question is None and is_lossy(change.rendition)
        else loss_of(change.rendition, change.content, calibration)
        for change in changes
    ]


def _why_whole(offer: Offer, scorer: str, curve: Curve | None, signs: Signs, terms: Terms) -> str:
    """Why nothing may be left out of a text; "" where something may."""
    if terms.calibration.problem:
        return terms.calibration.problem
    if offer.ask.question is None:
        return "nobody asked anything, and what is needed then is not calibrated"
    if curve is None:
        return f"{scorer} is not calibrated for {offer.content}"
    if offer.content in terms.distrust:
        return f"the calibration for {offer.content} is not trusted any more"
    other = in_other_language(offer.ask.question.text, offer.span.text, signs.script)
    if other:
        return f"the question is in another language than the text ({other}), and what is lost then is not calibrated"
    strange = unlike(signs, curve.like)
    if strange:
        return f"unlike what {scorer} was calibrated on: {strange}"
    if threshold(curve, terms.asked) is None:
        least = fewest(terms.asked)
        more = f"it takes at least {least:,}" if curve.n < least else "too much of what was needed was lost on them"
        return f"{curve.n:,} calibrated texts are too few to promise {100 * terms.asked.risk:g} %: {more}"
    return ""
