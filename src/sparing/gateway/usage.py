"""What a provider says an answer cost, read from the answer as it passes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from sparing.core.usage import CacheWrites, Usage

# An unescaped `"usage"` in JSON is a key: inside a string its quotes would carry backslashes.
_BEGINNING = b'"usage'
_KEY = re.compile(rb'"usage(?:Metadata)?"\s*:\s*(?=\{)')
_SPAN_BYTES = 4096  # more than any provider's usage object takes
_BRACE = re.compile(rb"[{}]")
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class UsageReader:
    """Notes the first and the last usage object of an answer.

    Anthropic says what went in at the start of a stream and what came out at its end; OpenAI says both at the end, and
    ``null`` before; Gemini repeats and completes it. Each piece given to `see` has to hold whole events (see `sse`).
    """

    __slots__ = ("_first", "_last", "_tail")

    def __init__(self) -> None:
        self._first = b""
        self._last = b""
        self._tail = b""

    def see(self, piece: bytes) -> None:
        """Look at the next piece; costs one search of it when it has no usage."""
        if _BEGINNING not in piece:
            return
        for key in _KEY.finditer(piece):
            self._last = piece[key.end() : key.end() + _SPAN_BYTES]
            self._first = self._first or self._last

    def see_cut(self, piece: bytes) -> None:
        """Look at the next piece of an answer that may be cut anywhere."""
        piece = self._tail + piece
        self.see(piece)
        self._tail = piece[-_SPAN_BYTES:]

    def usage(self) -> Usage:
        said = _object(self._first)
        said.update((name, value) for name, value in _object(self._last).items() if value is not None)
        return read_usage(said)


def read_usage(said: Mapping[str, Any]) -> Usage:
    """A provider's usage object: OpenAI's (chat, responses), Anthropic's or Gemini's, and those that look like them."""
    if "promptTokenCount" in said:
        return _gemini(said)
    if "prompt_tokens" in said:
        return _chat(said)
    if "input_tokens_details" in said:
        return _responses(said)
    return _anthropic(said)


def _gemini(said: Mapping[str, Any]) -> Usage:
    """What is 0 is left out."""
    thought = _count(said, "thoughtsTokenCount", 0)
    return Usage(
        input_tokens=_count(said, "promptTokenCount") + _count(said, "toolUsePromptTokenCount", 0),
        output_tokens=_count(said, "candidatesTokenCount", 0) + thought,
        cache_read_tokens=_count(said, "cachedContentTokenCount", 0),
        reasoning_tokens=thought,
    )


def _chat(said: Mapping[str, Any]) -> Usage:
    details = _inner(said, "prompt_tokens_details")
    # DeepSeek's name; Anthropic's, from gateways that speak OpenAI's format to it.
    beside = _count(said, "prompt_cache_hit_tokens", _count(said, "cache_read_input_tokens"))
    return Usage(
        input_tokens=_count(said, "prompt_tokens"),
        output_tokens=_count(said, "completion_tokens"),
        cache_read_tokens=_count(details, "cached_tokens", beside),
        cache_writes=_openai_writes(details) or _anthropic_writes(said),
        reasoning_tokens=_count(_inner(said, "completion_tokens_details"), "reasoning_tokens"),
    )


def _responses(said: Mapping[str, Any]) -> Usage:
    details = _inner(said, "input_tokens_details")
    return Usage(
        input_tokens=_count(said, "input_tokens"),
        output_tokens=_count(said, "output_tokens"),
        cache_read_tokens=_count(details, "cached_tokens"),
        cache_writes=_openai_writes(details),
        reasoning_tokens=_count(_inner(said, "output_tokens_details"), "reasoning_tokens"),
    )


def _anthropic(said: Mapping[str, Any]) -> Usage:
    """The only one to report cached tokens beside `input_tokens`, not among them."""
    fresh = _count(said, "input_tokens")
    beside = _count(said, "cache_read_input_tokens", 0) + _count(said, "cache_creation_input_tokens", 0)
    return Usage(
        input_tokens=fresh if fresh < 0 else fresh + beside,
        output_tokens=_count(said, "output_tokens"),
        cache_read_tokens=_count(said, "cache_read_input_tokens"),
        cache_writes=_anthropic_writes(said),
        reasoning_tokens=_count(_inner(said, "output_tokens_details"), "thinking_tokens"),
    )


def _openai_writes(details: Mapping[str, Any]) -> CacheWrites:
    by_lifetime = _inner(details, "cache_write_tokens_details")
    told = _writes(
        (1800, _count(by_lifetime, "ttl_30m_tokens", 0)),
        (43_200, _count(by_lifetime, "ttl_12h_tokens", 0)),
    )
    return told or _writes((0, _count(details, "cache_write_tokens", 0)))


def _anthropic_writes(said: Mapping[str, Any]) -> CacheWrites:
    by_lifetime = _inner(said, "cache_creation")
    told = _writes(
        (300, _count(by_lifetime, "ephemeral_5m_input_tokens", 0)),
        (3600, _count(by_lifetime, "ephemeral_1h_input_tokens", 0)),
    )
    return told or _writes((0, _count(said, "cache_creation_input_tokens", 0)))


def _writes(*pairs: tuple[int, int]) -> CacheWrites:
    return tuple(pair for pair in pairs if pair[1] > 0)


def _count(said: Mapping[str, Any], name: str, default: int = -1) -> int:
    value = said.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15 else default


def _inner(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = said.get(name)
    return value if isinstance(value, dict) else {}


def _object(text: bytes) -> dict[str, Any]:
    """The JSON object that `text` begins with; empty where it is cut off or none."""
    depth = 0
    for brace in _BRACE.finditer(text):
        depth += 1 if brace[0] == b"{" else -1
        if depth == 0:
            try:
                return _decode(text[: brace.end()])
            except (msgspec.DecodeError, RecursionError):
                return {}
    return {}
