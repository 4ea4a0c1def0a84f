"""Ask the reducers for ladders. The first of the two seams that fail open: a reducer that raises offers nothing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from sparing import registry
from sparing.core.content import Content
from sparing.core.ladder import Ladder, Skip
from sparing.core.reducer import Ask, Reducer
from sparing.core.span import Span
from sparing.core.verdict import Floor
from sparing.errors import DeadlineExceeded, NeedsThread, SettingsError
from sparing.reducers.relevance import score
from sparing.rungs import WholeOnly

_log = logging.getLogger("sparing")
_MIN_TOKENS = 32  # a gap marker and the receipt of the change cost about as much as this could save
_SIZE_SHARE = 0.25  # of the prior; the rest is relevance


@dataclass(frozen=True, slots=True)
class Offer:
    """A span, and the ladder offered for it.

    Attributes:
        ask: What the reducer was told; kept so that it can be asked again with more pins.
        prior: Chance that what is needed is in this span rather than in another of the request.
        floor: What its renditions have to be worth, where a risk was asked for.
        is_floor: Whether nothing shorter than the ladder's lowest rung may go out, whatever the budget.
    """

    span: Span
    content: Content
    ask: Ask
    tokens: int
    ladder: Ladder | Skip
    prior: float = 1.0
    is_floor: bool = False
    floor: Floor | None = None


def offer(span: Span, content: Content, ask: Ask) -> Offer:
    """The ladder for one span, or a `Skip` with the reason."""
    tokens = ask.counter.count(span.text)
    if tokens < _MIN_TOKENS:
        return Offer(span, content, ask, tokens, Skip(f"only {tokens} tokens"))
    return Offer(span, content, ask, tokens, propose(span.text, content, ask))


def propose(text: str, content: Content, ask: Ask) -> Ladder | Skip:
    """What the reducer for this content offers.

    Raises:
        NeedsThread: It would hold up an event loop (`Deadline.on_loop`).
    """
    reducer = reducer_for(content)
    if reducer is None:
        return Skip(f"no reducer for {content}")
    if ask.deadline.left_s() <= 0:
        return Skip("deadline: no time left to reduce this")
    try:
        return reducer.propose(text, ask)
    except NeedsThread:
        raise
    except DeadlineExceeded:
        return Skip(f"deadline: {reducer.name} ran out of time")
    except Exception as error:  # fail open: whatever a plugin does wrong, the request goes on
        _log.exception("reducer %s failed on %d characters of %s", reducer.name, len(text), content)
        return Skip(f"{reducer.name} failed: {type(error).__name__}")


@lru_cache
def reducer_for(content: Content) -> Reducer | None:
    """The first registered reducer that takes this content."""
    for name in registry.names("reducers"):
        try:
            reducer: Reducer = registry.load("reducers", name)
        except SettingsError as error:  # one plugin that cannot be imported must not take the others with it
            _log.warning("%s", error)
            continue
        if content in reducer.content:
            return reducer
    return None


def whole_only(offer: Offer) -> Offer:
    """The same offer without its lossy rungs."""
    return offer if isinstance(offer.ladder, Skip) else replace(offer, ladder=WholeOnly(offer.ladder))


def with_priors(offers: Sequence[Offer]) -> list[Offer]:
    """Weigh the offers against each other: by size, and by how much each has to do with the newest question."""
    question = next((o.ask.question for o in reversed(offers) if o.ask.question), None)
    if len(offers) < 2:
        return list(offers)
    total = sum(o.tokens for o in offers) or 1
    by_size = [o.tokens / total for o in offers]
    if question is None:
        return [replace(o, prior=size) for o, size in zip(offers, by_size, strict=True)]
    bounds = list(accumulate((len(o.span.text) for o in offers), initial=0))
    scores = score("".join(o.span.text for o in offers), bounds, question)
    mass = sum(scores) or 1.0
    return [
        replace(o, prior=_SIZE_SHARE * size + (1 - _SIZE_SHARE) * value / mass)
        for o, size, value in zip(offers, by_size, scores, strict=True)
    ]
