"""Close in on a budget: ladders estimate their tokens, the text that would go out is counted."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.core.ladder import Ladder
from sparing.core.verdict import Change
from sparing.offer import Offer
from sparing.plan.knapsack import Steps, choose_rungs
from sparing.rungs import as_it_is

_AIMS = 12  # of getting within the budget
_CLOSER = 3  # to use more of it
_WELL_USED = 0.99


def fit(offers: Sequence[Offer], ladders: Sequence[Ladder], budget: int) -> tuple[list[Change], bool]:
    """A rendition for every offer, and whether they fit the budget; if none do, the shortest there are."""
    steps = [_steps(*one, len(ladders)) for one in zip(offers, ladders, strict=True)]
    rendered: dict[tuple[int, int], Change] = {}
    aim, within, beyond = budget, 0, 0  # what was aimed at; the highest aim that fitted, and the lowest that did not
    best: list[Change] | None = None
    most = closer = 0
    for attempt in range(_AIMS):
        rungs = choose_rungs(steps, aim)
        changes = []
        for place in enumerate(rungs or [0] * len(ladders)):
            if place not in rendered:
                rendered[place] = render(offers[place[0]], ladders[place[0]], place[1])
            changes.append(rendered[place])
        spent = sum(change.tokens_after for change in changes)
        if spent > budget:
            if rungs is None:
                break
            beyond = aim
        else:
            within = aim
            if best is None or spent > most:
                best, most = changes, spent
            if spent >= _WELL_USED * budget or _all_on_top(ladders, rungs):
                break
        if best is None:
            aim -= max(spent - budget, aim >> (_AIMS - attempt))
            continue
        closer += 1
        aim = (within + beyond) // 2 if beyond else aim + budget - spent
        if closer > _CLOSER or aim == within:
            break
    return best or changes, best is not None


def render(offer: Offer, ladder: Ladder, rung: int) -> Change:
    """The change that a rung makes; never larger: where the source says it in fewer tokens, the source."""
    rendition = ladder.render(rung)
    after = offer.ask.counter.count(rendition.text)
    if after >= offer.tokens and rendition.text != offer.span.text:
        rendition = as_it_is(offer.span.text, offer.tokens).rendition
        after = offer.tokens
    ask = offer.ask
    return Change(offer.span, offer.content, rendition, offer.tokens, after, ask.question, ask.text_form, offer.floor)


def _steps(offer: Offer, ladder: Ladder, num_ladders: int) -> Steps:
    if num_ladders == 1:
        return Steps(ladder.tokens, ladder.worth)
    return Steps(ladder.tokens, [worth * offer.prior for worth in ladder.worth])


def _all_on_top(ladders: Sequence[Ladder], rungs: Sequence[int] | None) -> bool:
    return rungs is not None and all(
        rung == len(ladder.tokens) - 1 for ladder, rung in zip(ladders, rungs, strict=True)
    )
