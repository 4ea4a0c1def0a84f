"""How many of the found passages are sent, and how much of each: one plan under one budget.

A passage is a text like any other: its reducer offers a ladder. Below the ladder's lowest rung stands leaving the
passage out with its heading, and a rung counts for as much as the passage is likely to hold the answer. What that plan
sends is settled with the guards, as everything that goes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sparing.at_risk import terms_of, with_floor
from sparing.core.counter import Counter
from sparing.core.deadline import Deadline
from sparing.core.ladder import Ladder, Rendition, Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.core.span import Kind, Span
from sparing.core.verdict import Change
from sparing.fit import fit
from sparing.offer import Offer, offer
from sparing.retrieval.sources import Source, block_of, text_of
from sparing.retrieve.stitch import Piece
from sparing.rungs import as_it_is
from sparing.select.choose import selector_for
from sparing.settings import PolicySettings
from sparing.settle import settle

_AIMS = 4  # of the joined text getting within the budget
_NOTHING = Rendition("", 0, 0.0, "passages", (), "left_out.v1")


@dataclass(frozen=True)
class Leavable:
    """A passage's ladder with its heading on every rung, and a rung below without either. See `core.ladder.Ladder`."""

    ladder: Ladder
    number: int
    piece: Piece
    heading_tokens: int

    @property
    def reducer(self) -> str:
        return self.ladder.reducer

    @cached_property
    def tokens(self) -> list[int]:
        return [0, *(tokens + self.heading_tokens for tokens in self.ladder.tokens)]

    @cached_property
    def worth(self) -> list[float]:
        return [0.0, *self.ladder.worth]

    def render(self, rung: int) -> Rendition:
        """What would be sent, heading and all."""
        if not rung:
            return _NOTHING
        inner = self.ladder.render(rung - 1)
        return replace(inner, text=block_of(self.number, self.piece.passage, inner.text), elisions=())


@dataclass(frozen=True)
class Planner:
    """What to send of some pieces, best first.

    Attributes:
        chances: Of each piece, 0..1, that it holds what the question needs.
    """

    question: str
    pieces: Sequence[Piece]
    chances: Sequence[float]
    counter: Counter
    policy: PolicySettings
    deadline: Deadline

    def within(self, budget_tokens: int) -> tuple[Source, ...]:
        """The sources; their text together, headings, numbers and blank lines counted, is within the budget."""
        aim = budget_tokens
        for _ in range(_AIMS):
            sources = self._settled(self._chosen(aim), aim)
            over = self.counter.count(text_of(sources)) - budget_tokens
            if over <= 0:
                return sources
            aim -= over
        return ()

    @cached_property
    def _offers(self) -> list[Offer]:
        """One per piece, for its text alone."""
        terms = terms_of(self.policy)
        total = sum(len(piece.passage.text) for piece in self.pieces) or 1
        offers = []
        for piece, chance in zip(self.pieces, self.chances, strict=True):
            passage = piece.passage
            share = len(passage.text) / total
            select, allowed_ms = self.policy.select, self.policy.deadline_ms
            selector = selector_for(select, allowed_ms, share, at_risk=terms is not None)
            ask = Ask(
                self.counter,
                Question(self.question),
                self.policy.pins,
                self.deadline,
                passage.source,
                selector=selector,
            )
            span = Span(f"{passage.source}#{passage.position}", Kind.DOCUMENT, passage.text, None)
            one = replace(offer(span, passage.content, ask), prior=chance)
            offers.append(one if terms is None else with_floor(one, terms))
        return offers

    def _chosen(self, budget_tokens: int) -> list[int]:
        """Which pieces are sent."""
        offers, ladders = [], []
        for place, (one, piece) in enumerate(zip(self._offers, self.pieces, strict=True)):
            heading = self._heading_tokens(place)
            ladder = as_it_is(one.span.text, one.tokens) if isinstance(one.ladder, Skip) else one.ladder
            ladders.append(Leavable(ladder, place + 1, piece, heading))
            whole = Span(one.span.label, one.span.kind, block_of(place + 1, piece.passage, one.span.text), None)
            offers.append(replace(one, span=whole, tokens=self.counter.count(whole.text)))
        changes, _ = fit(offers, ladders, budget_tokens)
        chosen = [place for place, change in enumerate(changes) if change.rendition is not _NOTHING]
        return chosen or [0]  # nothing fits as its reducer would have it: the best may as bare lines

    def _settled(self, chosen: list[int], budget_tokens: int) -> tuple[Source, ...]:
        """What is sent of these; of fewer where the guards want more of some than there is room for."""
        while chosen:
            offers = [self._offers[place] for place in chosen]
            room = budget_tokens - sum(map(self._heading_tokens, chosen))
            settled = settle(offers, max(0, room), self.policy.pins, must_fit=True)
            if settled.fits and room >= 0:
                return self._sources(chosen, settled.changes)
            chosen = sorted(sorted(chosen, key=lambda place: -self.chances[place])[:-1])
        return ()

    def _sources(self, chosen: Sequence[int], changes: Sequence[Change]) -> tuple[Source, ...]:
        sent = [(place, change) for place, change in zip(chosen, changes, strict=True) if not _is_gone(change)]
        sources = []
        for number, (place, change) in enumerate(sent, 1):
            piece, rendition = self.pieces[place], change.rendition
            tokens = self.counter.count(block_of(number, piece.passage, rendition.text))
            worth = self.chances[place] * rendition.worth
            by = rendition.judged_by if rendition.elisions else ""
            text, elided = rendition.text, rendition.elisions
            sources.append(Source(number, piece.passage, text, tokens, worth, piece.parts, elided, by))
        return tuple(sources)

    def _heading_tokens(self, place: int) -> int:
        """Of all that goes with a text: its heading, its line end, the blank line after it."""
        return self.counter.count(block_of(place + 1, self.pieces[place].passage, "") + "\n\n")


def _is_gone(change: Change) -> bool:
    """Whether nothing but marks would be sent."""
    left_out = sum(elision.end - elision.start for elision in change.rendition.elisions)
    return left_out >= len(change.span.text.strip())
