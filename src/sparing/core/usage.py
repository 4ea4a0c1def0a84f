"""What an answer cost in tokens, as the provider counted them."""

from __future__ import annotations

from dataclasses import dataclass

CacheWrites = tuple[tuple[int, int], ...]  # (lifetime in seconds, tokens) pairs, shortest lifetime first


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
