"""Rungs below what a reducer offers, for budgets below what it insists on: bare lines, and at last the mark alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sparing.core.content import Content
from sparing.core.ladder import Elision, Ladder, Rendition, Skip
from sparing.offer import Offer
from sparing.reducers.bare import Bare

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
    mark = Gone(len(offer.span.text), '"…"' if offer.content in _JSON else "[…]", offer.ask.counter.count("[…]"))
    return None if mark.tokens[0] >= ladder.tokens[0] else Below(mark, ladder)


@dataclass(frozen=True)
class Gone:
    """A ladder of one rung: the text is left out, and a mark says so."""

    num_characters: int
    mark: str
    num_tokens: int
    reducer: str = "gone.v1"

    @property
    def tokens(self) -> tuple[int]:
        return (self.num_tokens,)

    @property
    def worth(self) -> tuple[float]:
        return (0.0,)

    def render(self, rung: int) -> Rendition:
        elisions = (Elision(0, self.num_characters, 1),)
        return Rendition(self.mark, self.num_tokens, 0.0, "texts", elisions, self.reducer)


@dataclass(frozen=True)
class Below:
    """Two ladders of one text: the rungs of `under` that are shorter than all of `over`, then those of `over`."""

    under: Ladder
    over: Ladder

    @property
    def reducer(self) -> str:
        return self.over.reducer

    @cached_property
    def _num_under(self) -> int:
        return sum(1 for tokens in self.under.tokens if tokens < self.over.tokens[0])

    @cached_property
    def tokens(self) -> list[int]:
        return [*self.under.tokens[: self._num_under], *self.over.tokens]

    @cached_property
    def worth(self) -> list[float]:
        share = self.over.worth[0]
        return [*(worth * share for worth in self.under.worth[: self._num_under]), *self.over.worth]

    def render(self, rung: int) -> Rendition:
        """A rung of the ladder it belongs to."""
        return self.under.render(rung) if rung < self._num_under else self.over.render(rung - self._num_under)
