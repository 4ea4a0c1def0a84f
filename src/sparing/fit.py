"""Close in on a budget: ladders estimate their tokens, the text that would go out is counted."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.core.ladder import Ladder
from sparing.core.verdict import Change
from sparing.offer import Offer
from sparing.plan.knapsack import Steps, choose_rungs
from sparing.rungs import as_it_is

_AIMS = 12  # of getting within the budget
_CLOSER = 3  # of them to use more of it
_WELL_USED = 0.98


def fit(offers: Sequence[Offer], ladders: Sequence[Ladder], budget: int) -> tuple[list[Change], bool]:
    """A rendition for every offer, and whether they fit the budget; if none do, the shortest there are."""
    aim, best = budget, None
    for attempt in range(_AIMS):
        rungs = choose_rungs([_steps(*one, len(ladders)) for one in zip(offers, ladders, strict=True)], aim)
        chosen = rungs or [0] * len(ladders)
        changes = [render(*one) for one in zip(offers, ladders, chosen, strict=True)]
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


def render(offer: Offer, ladder: Ladder, rung: int) -> Change:
    """The change that a rung makes; never larger: where the source says it in fewer tokens, the source."""
    rendition = ladder.render(rung)
    after = offer.ask.counter.count(rendition.text)
    if after >= offer.tokens and rendition.text != offer.span.text:
        rendition = as_it_is(offer.span.text, offer.tokens).rendition
        after = offer.tokens
    ask = offer.ask
    return Change(offer.span, offer.content, rendition, offer.tokens, after, ask.question, ask.text_form)


def _steps(offer: Offer, ladder: Ladder, num_ladders: int) -> Steps:
    if num_ladders == 1:
        return Steps(ladder.tokens, ladder.worth)
    return Steps(ladder.tokens, [worth * offer.prior for worth in ladder.worth])


def _all_on_top(ladders: Sequence[Ladder], rungs: Sequence[int] | None) -> bool:
    return rungs is not None and all(
        rung == len(ladder.tokens) - 1 for ladder, rung in zip(ladders, rungs, strict=True)
    )
