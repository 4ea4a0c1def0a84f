"""What an answer cost in tokens, as the provider counted them."""

from __future__ import annotations

from dataclasses import dataclass

# (lifetime in seconds, tokens) pairs; lifetime 0 where the provider did not say: its shortest.
CacheWrites = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider reported them; -1 where it said nothing.

    Attributes:
        input_tokens: The whole prompt; what was read from and written to the cache is part of it.
        output_tokens: The whole answer, reasoning included.
        cache_read_tokens: Of the prompt, read from the provider's cache.
        cache_writes: Of the prompt, written to the cache, for each lifetime that was written; only where the provider
            bills it.
        reasoning_tokens: Of the answer, thought and not shown.
    """

    input_tokens: int = -1
    output_tokens: int = -1
    cache_read_tokens: int = -1
    cache_writes: CacheWrites = ()
    reasoning_tokens: int = -1

    @property
    def cache_write_tokens(self) -> int:
        """Of the prompt, written to the cache, whatever the lifetime."""
        return sum(tokens for _, tokens in self.cache_writes)

    def plus(self, other: Usage) -> Usage:
        """Both together; what one of them does not know is unknown of both."""
        return Usage(
            _sum(self.input_tokens, other.input_tokens),
            _sum(self.output_tokens, other.output_tokens),
            _sum(self.cache_read_tokens, other.cache_read_tokens),
            self.cache_writes + other.cache_writes,
            _sum(self.reasoning_tokens, other.reasoning_tokens),
        )


def _sum(one: int, other: int) -> int:
    return -1 if one < 0 or other < 0 else one + other
