"""Passages beside the user's newest question, in any wire format; every other byte of the request stays.

They stand directly before the words that they are for, so everything before these is what was sent without them: the
prefix that a provider cached holds up to the question. A client never sees them and so never sends them again; while
its newest words are the same (the model calls tools) they are found again and stand where they stood.
"""

from __future__ import annotations

from dataclasses import dataclass

from sparing.core.span import Edit, Prompt, Span
from sparing.core.wire import Wire
from sparing.plan.zones import by_block, newest_words, parts_of


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks.

    Attributes:
        question: The users' newest words, without the material pasted around them.
        span: The literal that they stand in, as it came.
        at: Where in its text the passages go.
    """

    question: str
    span: Span
    at: int


def asked_in(prompt: Prompt) -> Asked | None:
    """The newest question of a request; None where nobody says anything that could be edited."""
    blocks = by_block(prompt.spans)
    for block in sorted(blocks, reverse=True):
        said = parts_of(prompt.source, blocks[block], {}, "").said
        if said:
            place = said[-1]
            whole = next(span for span in blocks[block] if span.literal == place.literal)
            return Asked(newest_words(said).strip(), whole, place.within[0] if place.within else 0)
    return None


def beside(body: bytes, wire: Wire, asked: Asked, text: str) -> bytes:
    """The body with a text directly before the question.

    Args:
        body: As it came, or reduced: the same spans, and the words as they were said.
        asked: Of the body as it came.
        text: Ends with a blank line.
    """
    prompt = wire.parse(body)
    span = next(span for span in prompt.spans if span.label == asked.span.label and span.kind == asked.span.kind)
    words = asked.span.text[asked.at :]
    at = len(span.text) - len(words) if span.text.endswith(words) else 0
    return wire.apply(prompt, [Edit(span, span.text[:at] + text + span.text[at:])])
