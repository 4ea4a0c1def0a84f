"""Repeats become references: what an earlier turn already sent need not be sent again.

Turn by turn, like the fold: a text may refer to what earlier turns sent whole, and to itself; never to its own turn's
other texts, whose renditions are not settled yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sparing.core.content import Content
from sparing.core.deadline import Deadline
from sparing.core.ladder import Elision, Rendition, Skip
from sparing.core.span import Kind, Span
from sparing.errors import DeadlineExceeded
from sparing.offer import Offer
from sparing.reducers.json_repeats import JsonSeen
from sparing.reducers.repeats import Seen
from sparing.rungs import Below, OneRung, as_it_is
from sparing.settle import Settlement

_FOLDABLE = frozenset(
    {Content.PROSE, Content.DIALOGUE, Content.MARKDOWN, Content.CODE, Content.LOG, Content.TEST_OUTPUT}
    | {Content.DIFF, Content.TABLE}
)
_FEWEST_TOKENS = 200  # shorter texts repeat too little to be worth looking at
_FEWEST_CHARS = 400
_JSON = frozenset({Content.JSON, Content.JSON_ROWS})
REFERENCES = "repeats.v1"
"""Reducer of renditions whose gaps stand elsewhere in the request."""


class Said:
    """What earlier turns sent."""

    def __init__(self) -> None:
        self._seen = Seen()
        self._json = JsonSeen()

    def with_references(self, offers: Sequence[Offer], deadline: Deadline) -> list[Offer]:
        """The offers, their lossless rung replaced by one with references where that is shorter."""
        return [self._with_reference(offer, deadline) for offer in offers]

    def add(self, settlement: Settlement) -> None:
        """Remember a settled turn: what of each text was really sent."""
        for change in settlement.changes:
            if change.content in _JSON and not change.rendition.elisions and change.rendition.reducer != REFERENCES:
                self._json.add(change.span.label, change.span.text)
            if is_verbatim(change.span.text, change.rendition):
                self._add(change.span, change.rendition.elisions)

    def add_whole(self, spans: Iterable[Span]) -> None:
        """Remember texts that are sent as they are."""
        for span in spans:
            if span.kind is Kind.TOOL_RESULT:
                self._json.add(span.label, span.text)
            self._add(span, ())

    def forget(self, span: Span) -> None:
        """Never refer to a text again, since it is no longer sent as it was."""
        self._json.forget(span.label)
        self._seen.forget(span.label)

    def _add(self, span: Span, elisions: tuple[Elision, ...]) -> None:
        if len(span.text) >= _FEWEST_CHARS:
            self._seen.add(span.label, span.text, elisions)

    def _with_reference(self, offer: Offer, deadline: Deadline) -> Offer:
        if deadline.left_s() <= 0:
            return offer
        found = self._in_json(offer) if offer.content in _JSON else self._in_text(offer, deadline)
        if found is None:
            return offer
        base = as_it_is(offer.span.text, offer.tokens) if isinstance(offer.ladder, Skip) else offer.ladder
        return offer if found.tokens >= base.tokens[-1] else replace(offer, ladder=Below(base, OneRung(found)))

    def _in_json(self, offer: Offer) -> Rendition | None:
        if not offer.ask.text_form:  # a reference is for reading, not for parsing
            return None
        found = self._json.refer(offer.span.text, offer.ask.counter)
        if isinstance(found, Skip):
            return None
        # No elisions: what it leaves to the earlier text is sent, there.
        return Rendition(found.text, found.tokens, 1.0, "fields", (), REFERENCES)

    def _in_text(self, offer: Offer, deadline: Deadline) -> Rendition | None:
        if offer.content not in _FOLDABLE or offer.tokens < _FEWEST_TOKENS:
            return None
        try:
            found = self._seen.fold(offer.span.text, offer.ask.counter, deadline)
        except DeadlineExceeded:
            return None
        if isinstance(found, Skip):
            return None
        return Rendition(found.text, found.tokens, 1.0, found.unit, found.elisions, REFERENCES)


def is_verbatim(source: str, rendition: Rendition) -> bool:
    """Whether what the elisions leave of the source stands in the rendition, in order and to the letter."""
    at = start = 0
    for elision in (*rendition.elisions, Elision(len(source), len(source), 0)):
        stretch = source[start : elision.start].strip()
        found = rendition.text.find(stretch, at)
        if found < 0:
            return False
        at = found + len(stretch)
        start = elision.end
    return True
