"""What a provider asks for tokens, and what its prompt cache does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sparing.core.usage import Usage

_MILLION = 1_000_000
FIVE_MINUTES_S = 300  # the shortest lifetime that a provider sells, and the default of those who sell several


class CacheKind(StrEnum):
    """How a prompt gets into the provider's cache."""

    NONE = "none"
    AUTOMATIC = "automatic"  # any prefix that was sent shortly before, without being asked
    EXPLICIT = "explicit"  # up to the breakpoints that a request sets, and no further


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per million tokens of one model, at the provider's standard tier.

    Attributes:
        output_usd: Reasoning is billed as output.
        cache_read_usd: What a token of the prompt costs when it is read from the cache; `input_usd` without a cache.
        cache_write_usd: (lifetime in seconds, USD) pairs, shortest lifetime first; empty where writing costs what
            input costs.
        cache_min_tokens: Shorter prefixes are not cached.
        cache_block_tokens: Prefixes are cached in whole blocks of so many tokens.
        as_of: The day these prices were looked up.
        source: Where they were looked up.
    """

    input_usd: float
    output_usd: float
    cache_read_usd: float
    cache_write_usd: tuple[tuple[int, float], ...]
    cache: CacheKind
    cache_min_tokens: int
    cache_block_tokens: int
    as_of: date
    source: str

    def write_usd(self, lifetime_s: int = FIVE_MINUTES_S) -> float:
        """USD per million tokens written to the cache for `lifetime_s`, or for the next longer that is sold."""
        if not self.cache_write_usd:
            return self.input_usd
        return next((usd for sold_s, usd in self.cache_write_usd if sold_s >= lifetime_s), self.cache_write_usd[-1][1])

    def cached_tokens(self, prefix_tokens: int) -> int:
        """How much of a prefix that was sent before (up to a breakpoint, where those are needed) can be read again."""
        if self.cache is CacheKind.NONE or prefix_tokens < self.cache_min_tokens:
            return 0
        return prefix_tokens - prefix_tokens % self.cache_block_tokens

    def input_cost_usd(self, usage: Usage) -> float:
        """USD for a prompt: read from the cache, written to it, and neither. What is unknown counts as 0 tokens."""
        read = max(usage.cache_read_tokens, 0)
        neither = max(usage.input_tokens - read - usage.cache_write_tokens, 0)
        written = sum(tokens * self.write_usd(lifetime_s) for lifetime_s, tokens in usage.cache_writes)
        return (neither * self.input_usd + read * self.cache_read_usd + written) / _MILLION

    def uncached_usd(self, input_tokens: int, output_tokens: int) -> float:
        """USD for a prompt of which nothing is read from the cache, and its answer."""
        return input_tokens * self.input_usd / _MILLION + output_tokens * self.output_usd / _MILLION

    def cost_usd(self, usage: Usage) -> float:
        """USD for a prompt and its answer."""
        return self.input_cost_usd(usage) + max(usage.output_tokens, 0) * self.output_usd / _MILLION
