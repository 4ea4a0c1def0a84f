"""Answer `sparing_recall`: find the text a handle stands for, and give what is asked of it.

The text is looked for in the request itself: clients send their whole history each time, so nothing has to be kept,
nothing can expire, and nobody can see what another one sent. Only what a client has since cut from its history is
looked for in the store, if there is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sparing import registry
from sparing.api import reduce_text
from sparing.api.arguments import to_bytes
from sparing.core.counter import Counter
from sparing.core.span import Prompt
from sparing.finish.own_calls import Given, Handler
from sparing.handles import HANDLE_CHARS, full_handle_of
from sparing.own_tools import RECALL
from sparing.plan.effort import TARGETS
from sparing.plan.zones import find_parts
from sparing.tokens.models import counter_for

PART_TOKENS = 2_000
_LONG_LINE_CHARS = 2_000
UNKNOWN = (
    "No text can be given for this handle: it is not one of this conversation's, or its time is over. "
    "The marks in the conversation show the handles that can be asked for."
)
_HANDLE = re.compile(rf"[0-9a-f]{{{HANDLE_CHARS},64}}")

Find = Callable[[str], str | None]
"""Handle -> the text it stands for."""


def recall_handler(stored: Find | None = None) -> Handler:
    """What answers calls of `sparing_recall`.

    Args:
        stored: Where to look for what the request does not hold; sees only what this caller may see.
    """

    def answer(arguments: Mapping[str, Any], prompt: Prompt) -> Given:
        handle = read_handle(arguments.get("handle"))
        if not handle:
            return Given(UNKNOWN)
        text = find_text(prompt, handle)
        if text is None and stored is not None:
            text = stored(handle)
        if text is None:
            return Given(UNKNOWN)
        about, part = arguments.get("about"), _whole_number(arguments.get("part"))
        question = about if isinstance(about, str) else ""
        return Given(excerpt(text, about=question, part=part, handle=handle, model=prompt.model))

    return answer


def recall(
    request: dict[str, Any] | str | bytes, handle: str, *, about: str = "", part: int = 1, wire: str = "openai.chat"
) -> str:
    """What a call of `sparing_recall` gives, for who sends requests without the gateway.

    Args:
        request: As it was before `sparing.reduce` shortened it: the texts are looked for in here.
        handle: What a mark in the shortened request names.
        about: Give only what concerns this question.
        part: Which part of a long text.
    Raises:
        MalformedBody: The request is not of this wire format.
    """
    prompt = registry.load("wires", wire).parse(to_bytes(request))
    return recall_handler()({"handle": handle, "about": about, "part": part}, prompt).text


def read_handle(given: object) -> str:
    """The handle in what was given: as it stands in a mark, or the mark itself; "" where there is none."""
    found = _HANDLE.search(given.lower()) if isinstance(given, str) else None
    return found[0] if found else ""


def find_text(prompt: Prompt, handle: str) -> str | None:
    """The text of the request whose hash begins with `handle`."""
    return next((text for text in _texts(prompt) if full_handle_of(text).startswith(handle)), None)


def _texts(prompt: Prompt) -> Iterator[str]:
    """Whatever of a request can have been sent with something left out: stretches of texts, and whole ones."""
    for piece in find_parts(prompt).pieces:
        yield piece.span.text
    for span in prompt.spans:
        yield span.text


def excerpt(text: str, *, about: str, part: int, handle: str, model: str) -> str:
    """At most about `PART_TOKENS` of a text: what concerns a question, or one part of it after the other."""
    counter = counter_for(model)
    if about.strip():
        found = narrowed(text, about, model)
        rest = f"\n[all of it, in parts: {RECALL.name}(handle={handle}, part=1)]"
        return found if found == text else f"{found.rstrip()}{rest}"
    if counter.count(text) <= PART_TOKENS:
        return text
    parts = parts_of(text, counter)
    number = min(max(part, 1), len(parts))
    more = f"; the next: {RECALL.name}(handle={handle}, part={number + 1})" if number < len(parts) else ""
    return f"[part {number} of {len(parts)}{more}]\n{parts[number - 1]}"


def narrowed(text: str, about: str, model: str) -> str:
    """What of a text concerns a question: as much as the balanced effort keeps, and at most `PART_TOKENS`."""
    tokens, target = counter_for(model).count(text), TARGETS["balanced"]
    budget = min(PART_TOKENS, max(target.lossless_below_tokens, round(target.kept * tokens)))
    return text if tokens <= budget else reduce_text(text, query=about, budget=budget, model=model).text


def parts_of(text: str, counter: Counter) -> list[str]:
    """The text in parts of at most `PART_TOKENS`, cut between lines, and within lines of more than 2,000 characters."""
    bounds = [0]
    for line in text.splitlines(keepends=True):
        start = bounds[-1]
        bounds += range(start + _LONG_LINE_CHARS, start + len(line), _LONG_LINE_CHARS)
        bounds.append(start + len(line))
    parts, start, held = [], 0, 0
    for at, tokens in zip(bounds, counter.split(text, bounds), strict=False):
        if held and held + tokens > PART_TOKENS:
            parts.append(text[start:at])
            start, held = at, 0
        held += tokens
    return [*parts, text[start:]]


def _whole_number(given: object) -> int:
    return int(given) if isinstance(given, int) or (isinstance(given, str) and given.isdecimal()) else 1
