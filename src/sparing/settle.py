"""Settle which rung each span gets: plan under the budget, ask the guards, plan again on a "no"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sparing import registry
from sparing.at_risk import above_floor
from sparing.core.ladder import Ladder, Skip
from sparing.core.verdict import Change, Guard, Objection
from sparing.fit import fit
from sparing.lower import with_bare_lines, with_mark_alone
from sparing.offer import Offer, propose
from sparing.rungs import WholeOnly, as_it_is

_ROUNDS = 12  # of a guard saying no, or of a budget that is too small for what a reducer insists on


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

    A guard's objection is met by asking the reducer again with what it needs pinned; if that does not help, by sending
    the lossless rendition; and as the last resort by sending the original.

    With `must_fit` a budget below what the reducers insist on gets shorter rungs (see `lower`), and what the question
    names gives way before the budget does; what the caller pins never does, nor what an offer's `is_floor` holds, nor
    what is worth too little for its `floor`.
    Without it the shortest renditions that the reducers offer are taken, and `fits` is False.
    """
    cases = [_Case(offer, lossless=lossless) for offer in offers]
    for _ in range(_ROUNDS):
        changes, fits = fit(offers, [case.ladder for case in cases], budget_tokens)
        if must_fit and not fits and not lossless and sum(case.lower() for case in cases):
            continue
        objections = [(cases[_index(offers, o)], o) for o in judge(changes, pins)]
        objections = [(case, o) for case, o in objections if o.hard or not case.waived]
        if not objections:
            return Settlement(tuple(changes), tuple(case.reason for case in cases), fits)
        for case, objection in objections:
            case.meet(objection)
    for case, _ in objections:
        case.give_up()
    changes, fits = fit(offers, [case.ladder for case in cases], budget_tokens)
    return Settlement(tuple(changes), tuple(case.reason for case in cases), fits)


def judge(changes: Sequence[Change], pins: tuple[str, ...]) -> list[Objection]:
    """Every objection of every registered guard to the changes that change something."""
    changed = [change for change in changes if change.rendition.text != change.span.text]
    if not changed:
        return []
    guards: list[Guard] = [registry.load("guards", name) for name in registry.names("guards")]
    return [objection for guard in guards for objection in guard.judge(changed, pins)]


class _Case:
    """One offer on its way to a rendition: which ladder it is on, and why."""

    def __init__(self, offer: Offer, *, lossless: bool) -> None:
        self.offer = offer
        self.waived = False  # what the question names has given way to the budget
        self.reason = ""
        self._original = as_it_is(offer.span.text, offer.tokens)
        self._first: Ladder = self._original
        if isinstance(offer.ladder, Skip):
            self.reason = offer.ladder.reason
        else:
            self._first = WholeOnly(offer.ladder) if lossless else offer.ladder
            self.reason = offer.floor.why if offer.floor else ""
        self.ladder = self._first
        self._needs: tuple[str, ...] = offer.ask.pins
        self._lower_steps = [] if offer.is_floor or offer.floor else [with_bare_lines, with_mark_alone]

    def meet(self, objection: Objection) -> None:
        """Go on to the next ladder after a guard said no: with what it needs pinned, then lossless, then as it is."""
        self.reason = f"{objection.guard}: {objection.why}"
        if isinstance(self.offer.ladder, Skip) or isinstance(self.ladder, WholeOnly) or self.ladder is self._original:
            self.ladder = self._original
            return
        needs = tuple(dict.fromkeys((*self._needs, *objection.needs)))
        if needs == self._needs or self.offer.is_floor:
            self.ladder = WholeOnly(self.offer.ladder)
            return
        self._needs = needs
        again = propose(self.offer.span.text, self.offer.content, replace(self.offer.ask, pins=needs))
        self.ladder = WholeOnly(self.offer.ladder) if isinstance(again, Skip) else above_floor(again, self.offer.floor)

    def lower(self) -> bool:
        """Go on to a ladder with shorter rungs; False when there is none."""
        if self.ladder is not self._first and not self.waived:
            self.ladder, self.waived = self._first, True
            return True
        while self._lower_steps:
            lowered = self._lower_steps.pop(0)(self.offer, self.ladder)
            if lowered is not None:
                self.reason = f"the budget is below what {self.ladder.reducer or 'the text as it is'} needs"
                self.ladder, self.waived = lowered, True
                return True
        return False

    def give_up(self) -> None:
        """The guards are still unhappy: the original goes out."""
        self.ladder = self._original


def _index(offers: Sequence[Offer], objection: Objection) -> int:
    return next(i for i, offer in enumerate(offers) if offer.span is objection.change.span)
