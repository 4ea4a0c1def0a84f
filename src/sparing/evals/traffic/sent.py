"""A request as a provider's prompt cache sees it: tools, system, messages, one after the other.

The order and what breaks a prefix are those that the providers publish: OpenAI, "Prompt caching" (exact prefix matches
over messages, images and tools); Anthropic, "Prompt caching" (tools, then system, then messages, up to a breakpoint).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

from sparing.core.counter import Counter
from sparing.core.span import Kind, Prompt, Span
from sparing.tokens.overhead import overhead_tokens

_MARKS = ("cache_control", "prompt_cache_breakpoint")
_HOUR_S = 3600
_FIVE_MINUTES_S = 300


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a request that stays or changes as a whole, or up to some token.

    Attributes:
        label: Where it is: ``messages[3].content``.
        head: What else of it the model reads: its kind, its tool, the call it belongs to.
        overhead_tokens: Of the wrapping of the message or tool that it opens.
        tokens: With the overhead.
    """

    label: str
    head: tuple[str, str, str]
    text: str
    overhead_tokens: int
    tokens: int

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Two chunks with the same key read the same."""
        return (*self.head, self.text)


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Where a caller asks the provider to cache up to.

    Attributes:
        end: Number of chunks before it.
    """

    end: int
    lifetime_s: int


@dataclass(frozen=True)
class Sent:
    """One request, chunk by chunk.

    Attributes:
        tokens: Of the whole request, what primes the answer included.
    """

    chunks: tuple[Chunk, ...]
    breakpoints: tuple[Breakpoint, ...]
    tokens: int

    @cached_property
    def ends(self) -> list[int]:
        """Tokens of the first n chunks, for every n from 0."""
        return list(accumulate((chunk.tokens for chunk in self.chunks), initial=0))

    @cached_property
    def chain(self) -> list[int]:
        """A hash of the first n chunks, for every n from 0."""
        return list(accumulate((hash(chunk.key) for chunk in self.chunks), lambda a, b: hash((a, b)), initial=0))


def sent(prompt: Prompt, counter: Counter) -> Sent:
    """Take a request apart."""
    chunks = tuple(_chunks(prompt, counter))
    counted = sum(chunk.tokens for chunk in chunks)
    wrapping = overhead_tokens(prompt.wire, prompt.num_messages, prompt.num_tools)
    total = counted + wrapping - sum(chunk.overhead_tokens for chunk in chunks)
    return Sent(chunks, tuple(_breakpoints(prompt.source, chunks)), total)


def shared_tokens(one: Chunk, other: Chunk, counter: Counter) -> int:
    """Tokens that two chunks have in common from their beginning."""
    if one.key == other.key:
        return one.tokens
    if one.head != other.head or not one.text or not other.text:
        return 0
    at = _first_difference(one.text, other.text)
    return one.overhead_tokens + min(_whole_tokens(text, at, counter) for text in (one.text, other.text))


def _whole_tokens(text: str, end: int, counter: Counter) -> int:
    """Tokens that end before or at character `end`."""
    if end in (0, len(text)):
        return counter.count(text[:end])
    started, next_char = counter.split(text, [0, end, end + 1, len(text)])[:2]
    return started if next_char else started - 1  # the last one goes on behind `end`


def _first_difference(one: str, other: str) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one.startswith(other[low:middle], low):
            low = middle
        else:
            high = middle - 1
    return low


def _chunks(prompt: Prompt, counter: Counter) -> Iterator[Chunk]:
    """In the provider's order: `sorted` is stable, so the spans of a message stay as they are."""
    per_message = overhead_tokens(prompt.wire, 1) - overhead_tokens(prompt.wire, 0)
    first_tool = overhead_tokens(prompt.wire, 0, 1) - overhead_tokens(prompt.wire, 0)
    next_tool = overhead_tokens(prompt.wire, 0, 2) - overhead_tokens(prompt.wire, 0, 1)
    message = -1
    for at, span in enumerate(sorted(prompt.spans, key=_place)):
        if span.kind is Kind.TOOL_SCHEMA:
            extra = next_tool if at else first_tool
        else:
            extra = per_message if span.message != message else 0
            message = span.message
        text = span.text if span.tokens < 0 else prompt.source[slice(*span.place)]
        tokens = span.tokens if span.tokens >= 0 else counter.count(span.text)
        yield Chunk(span.label, (span.kind.value, span.tool, span.pair), text, extra, tokens + extra)


def _place(span: Span) -> tuple[bool, int]:
    return span.kind is not Kind.TOOL_SCHEMA, span.message


def _breakpoints(source: str, chunks: tuple[Chunk, ...]) -> Iterator[Breakpoint]:
    """The marks of a body, each behind the last chunk of the block that it stands in."""
    if not any(mark in source for mark in _MARKS):
        return
    request = json.loads(source)
    found: dict[int, int] = {}
    for label, lifetime_s in _marks(request):
        inside = [at for at, chunk in enumerate(chunks, 1) if _is_in(chunk.label, label)]
        if inside:
            found[inside[-1]] = lifetime_s
    yield from (Breakpoint(end, found[end]) for end in sorted(found))


def _marks(request: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Label and lifetime of every marked block, and of the request itself ("")."""
    yield from _walk({key: request[key] for key in (*_MARKS, "tools", "system", "messages") if key in request}, "")


def _walk(value: Any, label: str) -> Iterator[tuple[str, int]]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _walk(item, f"{label}[{number}]")
    elif isinstance(value, dict):
        mark = next((value[name] for name in _MARKS if value.get(name)), None)
        if mark is not None:
            hour = isinstance(mark, dict) and mark.get("ttl") == "1h"
            yield label, _HOUR_S if hour else _FIVE_MINUTES_S
        for key in ("tools", "system", "messages", "content", "function"):
            if isinstance(value.get(key), list | dict):
                yield from _walk(value[key], f"{label}.{key}".lstrip("."))


def _is_in(label: str, block: str) -> bool:
    return not block or label == block or label.startswith((f"{block}.", f"{block}["))
