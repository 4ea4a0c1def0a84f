"""Rungs below what a reducer offers, for budgets below what it insists on: bare lines, and at last the mark alone."""

from __future__ import annotations

from sparing.core.content import Content
from sparing.core.ladder import Elision, Ladder, Rendition, Skip
from sparing.offer import Offer
from sparing.reducers.bare import Bare
from sparing.rungs import Below, OneRung

_MARK = "[…]"
_JSON = frozenset({Content.JSON, Content.JSON_ROWS})


def with_bare_lines(offer: Offer, ladder: Ladder) -> Ladder | None:
    """The ladder with bare lines below it; None where they would not be shorter, or would break JSON."""
    if offer.content in _JSON:
        return None
    bare = Bare().propose(offer.span.text, offer.ask)
    return None if isinstance(bare, Skip) or bare.tokens[0] >= ladder.tokens[0] else Below(bare, ladder)


def with_mark_alone(offer: Offer, ladder: Ladder) -> Ladder | None:
    """The ladder with a single mark below it; None where something is pinned or the mark would not be shorter."""
    if any(pin in offer.span.text for pin in offer.ask.pins if pin):
        return None
    tokens = offer.ask.counter.count(_MARK)
    if tokens >= ladder.tokens[0]:
        return None
    mark = f'"{_MARK[1:-1]}"' if offer.content in _JSON else _MARK
    gone = Rendition(mark, tokens, 0.0, "texts", (Elision(0, len(offer.span.text), 1),), "gone.v1")
    return Below(OneRung(gone), ladder)
