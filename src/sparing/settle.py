"""Settle which rung each span gets: plan under the budget, render, count, ask the guards, plan again on a "no"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sparing import registry
from sparing.core.ladder import Ladder, Skip
from sparing.core.verdict import Change, Guard, Objection
from sparing.offer import AsItIs, Offer, WholeOnly, propose
from sparing.plan.knapsack import Steps, choose_rungs
from sparing.reducers.bare import Bare

_ROUNDS = 4  # of guards saying no
_AIMS = 12  # of getting within the budget by exact counts
_CLOSER = 3  # of them to use more of it
_WELL_USED = 0.98
_BARE = Bare()

Judge = Callable[[Sequence[Change]], Sequence[Objection]]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was chosen.

    Attributes:
        changes: One per offer, in order; an unchanged span has its own text as rendition.
        reasons: Per offer, why it is as it is: a skip, an objection, or "".
        fits: False when even the shortest renditions exceed the budget.
    """

    changes: tuple[Change, ...]
    reasons: tuple[str, ...]
    fits: bool

    @property
    def tokens(self) -> int:
        return sum(change.tokens_after for change in self.changes)


def settle(
    offers: Sequence[Offer],
    budget_tokens: int,
    pins: tuple[str, ...] = (),
    *,
    lossless: bool = False,
    must_fit: bool = False,
) -> Settlement:
    """Choose a rendition for every offer such that together they fit the budget and no guard objects.

    With `must_fit` a budget below what the reducers offer falls through to bare lines; without it the shortest
    renditions they offer are taken, and `fits` is False.

    A guard's objection is met by asking the reducer again with what it needs pinned; if that does not help, by sending
    the lossless rendition; and as the last resort by sending the original.
    """
    ladders: list[Ladder] = [_first_ladder(o, lossless=lossless) for o in offers]
    reasons = [o.ladder.reason if isinstance(o.ladder, Skip) else "" for o in offers]
    for _ in range(_ROUNDS):
        changes, fits = _fit(offers, ladders, budget_tokens)
        if must_fit and not fits and not lossless and _go_below(offers, ladders, reasons):
            continue
        objections = judge(changes, pins)
        if not objections:
            return Settlement(tuple(changes), tuple(reasons), fits)
        for index, objection in _by_offer(offers, objections).items():
            ladders[index] = _answer(offers[index], ladders[index], objection)
            reasons[index] = f"{objection.guard}: {objection.why}"
    for objection in objections:  # still unhappy: the original goes out
        index = _index(offers, objection)
        ladders[index] = AsItIs(offers[index].span.text, offers[index].tokens)
    changes, fits = _fit(offers, ladders, budget_tokens)
    return Settlement(tuple(changes), tuple(reasons), fits)


def untouched(offers: Sequence[Offer], reason: str) -> Settlement:
    """Everything as it is, and why."""
    changes = (_render(o, AsItIs(o.span.text, o.tokens), 0) for o in offers)
    return Settlement(tuple(changes), (reason,) * len(offers), fits=True)


def judge(changes: Sequence[Change], pins: tuple[str, ...]) -> list[Objection]:
    """Every objection of every registered guard to the changes that change something."""
    changed = [change for change in changes if change.rendition.text != change.span.text]
    if not changed:
        return []
    guards: list[Guard] = [registry.load("guards", name) for name in registry.names("guards")]
    return [objection for guard in guards for objection in guard.judge(changed, pins)]


def _first_ladder(offer: Offer, *, lossless: bool) -> Ladder:
    if isinstance(offer.ladder, Skip):
        return AsItIs(offer.span.text, offer.tokens)
    return WholeOnly(offer.ladder) if lossless else offer.ladder


def _go_below(offers: Sequence[Offer], ladders: list[Ladder], reasons: list[str]) -> bool:
    """Put the barest ladder wherever it goes lower; False when that was done before or nothing goes lower."""
    lowered = False
    for index, offer in enumerate(offers):
        if ladders[index].reducer == _BARE.name:
            continue
        bare = _BARE.propose(offer.span.text, offer.ask)
        if not isinstance(bare, Skip) and bare.tokens[0] < ladders[index].tokens[0]:
            reasons[index] = f"the budget is below what {ladders[index].reducer or 'the text as it is'} needs"
            ladders[index] = bare
            lowered = True
    return lowered


def _answer(offer: Offer, ladder: Ladder, objection: Objection) -> Ladder:
    """The next ladder to try after a guard said no: pinned needs, then lossless, then the original."""
    if isinstance(offer.ladder, Skip) or isinstance(ladder, (WholeOnly, AsItIs)):
        return AsItIs(offer.span.text, offer.tokens)
    if objection.needs and not set(objection.needs) <= set(offer.ask.pins):
        again = propose(offer.span.text, offer.content, replace(offer.ask, pins=(*offer.ask.pins, *objection.needs)))
        if not isinstance(again, Skip):
            return again
    return WholeOnly(offer.ladder)


def _by_offer(offers: Sequence[Offer], objections: Sequence[Objection]) -> dict[int, Objection]:
    """One objection per offer, their needs joined."""
    joined: dict[int, Objection] = {}
    for objection in objections:
        index = _index(offers, objection)
        known = joined.get(index)
        needs = objection.needs if known is None else tuple(dict.fromkeys((*known.needs, *objection.needs)))
        joined[index] = replace(known or objection, needs=needs)
    return joined


def _index(offers: Sequence[Offer], objection: Objection) -> int:
    return next(i for i, o in enumerate(offers) if o.span is objection.change.span)


def _fit(offers: Sequence[Offer], ladders: Sequence[Ladder], budget: int) -> tuple[list[Change], bool]:
    """Close in on the budget: ladders estimate their tokens, the text that goes out is counted."""
    aim, best = budget, None
    for attempt in range(_AIMS):
        rungs = choose_rungs(
            [_steps(offer, ladder, len(ladders)) for offer, ladder in zip(offers, ladders, strict=True)], aim
        )
        chosen = rungs or [0] * len(ladders)
        changes = [_render(*one) for one in zip(offers, ladders, chosen, strict=True)]
        spent = sum(change.tokens_after for change in changes)
        if spent <= budget:
            best = changes
            if spent >= _WELL_USED * budget or _all_on_top(ladders, rungs) or attempt >= _CLOSER:
                break
            aim += max(1, budget - spent)
        elif best is not None or rungs is None:
            break
        else:
            aim -= max(spent - budget, aim >> (_AIMS - attempt))
    return best or changes, best is not None


def _all_on_top(ladders: Sequence[Ladder], rungs: Sequence[int] | None) -> bool:
    return rungs is not None and all(
        rung == len(ladder.tokens) - 1 for ladder, rung in zip(ladders, rungs, strict=True)
    )


def _steps(offer: Offer, ladder: Ladder, num_ladders: int) -> Steps:
    if num_ladders == 1:
        return Steps(ladder.tokens, ladder.worth)
    return Steps(ladder.tokens, [worth * offer.prior for worth in ladder.worth])


def _render(offer: Offer, ladder: Ladder, rung: int) -> Change:
    rendition = ladder.render(rung)
    after = offer.ask.counter.count(rendition.text)
    if after >= offer.tokens and rendition.text != offer.span.text:  # never larger: the source says it in fewer
        rendition = AsItIs(offer.span.text, offer.tokens).render(0)
        after = offer.tokens
    return Change(offer.span, offer.content, rendition, offer.tokens, after, offer.ask.question)
