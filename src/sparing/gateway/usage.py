"""What a provider says an answer cost, read from the answer as it passes."""

from __future__ import annotations

import re
from dataclasses import dataclass

# An unescaped `"usage"` in JSON is a key: inside a string its quotes would carry backslashes.
_KEY = b'"usage"'
_SPAN_BYTES = 2048  # more than any provider's usage object takes
_COUNT = re.compile(
    rb'"(prompt_tokens|input_tokens|cache_read_input_tokens|cache_creation_input_tokens'
    rb'|completion_tokens|output_tokens)"\s*:\s*(\d{1,15})'
)
_NULL = re.compile(rb"\s*:\s*null")


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider reported them, cached ones included; -1 where it said nothing."""

    input_tokens: int = -1
    output_tokens: int = -1

    def __add__(self, other: Usage) -> Usage:
        """Of two answers; what is known of only one of them is what is known."""
        return Usage(_sum(self.input_tokens, other.input_tokens), _sum(self.output_tokens, other.output_tokens))


class UsageReader:
    """Notes the first and the last usage object of an answer.

    Anthropic says what went in at the start of a stream and what came out at its end; OpenAI says both at the end, and
    ``null`` before. Each piece has to hold whole events (see `sse`), or the whole of a JSON answer.
    """

    __slots__ = ("_first", "_last")

    def __init__(self) -> None:
        self._first = b""
        self._last = b""

    def see(self, piece: bytes) -> None:
        """Look at the next piece; costs one search of it when it has no usage."""
        last = piece.rfind(_KEY)
        if last < 0:
            return
        if not self._first:
            self._first = _object(piece, piece.find(_KEY))
        self._last = _object(piece, last) or self._last

    def usage(self) -> Usage:
        counts = {name: int(number) for span in (self._first, self._last) for name, number in _COUNT.findall(span)}
        return Usage(_input_tokens(counts), counts.get(b"output_tokens", counts.get(b"completion_tokens", -1)))


def _sum(one: int, other: int) -> int:
    return max(one, other) if -1 in (one, other) else one + other


def _object(piece: bytes, at: int) -> bytes:
    """The usage object at `at` with what follows it, b"" if it is null."""
    start = at + len(_KEY)
    return b"" if _NULL.match(piece, start) else _closed(piece[start : start + _SPAN_BYTES])


def _closed(text: bytes) -> bytes:
    """`text` up to the brace that closes its first one; the names inside are too common to look further."""
    depth = 0
    for brace in re.finditer(rb"[{}]", text):
        depth += 1 if brace[0] == b"{" else -1
        if depth == 0:
            return text[: brace.end()]
    return text


def _input_tokens(counts: dict[bytes, int]) -> int:
    """OpenAI's count includes cached tokens; Anthropic reports them beside it."""
    if b"prompt_tokens" in counts:
        return counts[b"prompt_tokens"]
    if b"input_tokens" not in counts:
        return -1
    cached = counts.get(b"cache_read_input_tokens", 0) + counts.get(b"cache_creation_input_tokens", 0)
    return counts[b"input_tokens"] + cached
