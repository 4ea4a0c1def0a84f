"""What a provider's prompt cache reads and writes over the turns of one conversation.

A conversation starts with an empty cache, and its turns follow each other within the cache's lifetime: what other
conversations share with it (a system prompt) is read by neither side of a comparison.
"""

from __future__ import annotations

from sparing.core.counter import Counter
from sparing.core.prices import FIVE_MINUTES_S, CacheKind, Prices
from sparing.core.usage import Usage
from sparing.evals.traffic.sent import Breakpoint, Chunk, Sent, shared_tokens

_LOOK_BACK = 20  # blocks before a breakpoint that Anthropic looks at for a prefix written earlier ("Prompt caching")


class PromptCache:
    """Give it the requests in order; it gives what each was billed as."""

    def __init__(self, prices: Prices, counter: Counter) -> None:
        self._prices = prices
        self._counter = counter
        self._next: dict[int, Chunk | None] = {}  # hash of a prefix that was sent -> the chunk that came after it
        self._written: set[int] = set()  # hash of each prefix that was written at a breakpoint

    def bill(self, sent: Sent, output_tokens: int = 0) -> Usage:
        """Usage of this request, as the provider would report it; the cache then holds it, too."""
        if self._prices.cache is CacheKind.EXPLICIT:
            read, writes = self._explicit(sent)
        elif self._prices.cache is CacheKind.AUTOMATIC:
            read, writes = self._automatic(sent)
        else:
            read, writes = 0, ()
        return Usage(sent.tokens, output_tokens, read, writes)

    def _automatic(self, sent: Sent) -> tuple[int, tuple[tuple[int, int], ...]]:
        """Everything that was sent before is read, in whole blocks, up to the first token that differs."""
        known = next((n for n in range(len(sent.chunks), -1, -1) if sent.chain[n] in self._next), 0)
        common = sent.ends[known]
        after = self._next.get(sent.chain[known])
        if known < len(sent.chunks) and after is not None:
            common += shared_tokens(after, sent.chunks[known], self._counter)
        for at, chain in enumerate(sent.chain):
            self._next[chain] = sent.chunks[at] if at < len(sent.chunks) else self._next.get(chain)
        read = self._prices.cached_tokens(common)
        if not self._prices.cache_write_usd:
            return read, ()
        written = self._prices.cached_tokens(sent.tokens) - read
        return read, ((FIVE_MINUTES_S, written),) if written > 0 else ()

    def _explicit(self, sent: Sent) -> tuple[int, tuple[tuple[int, int], ...]]:
        """Up to a breakpoint: the longest prefix that was written before is read, the rest of it written."""
        long_enough = [mark for mark in sent.breakpoints if self._prices.cached_tokens(sent.ends[mark.end])]
        found = max((self._found(sent, mark) for mark in long_enough), default=0)
        read = sent.ends[found]
        writes: dict[int, int] = {}
        at = read
        for mark in long_enough:
            self._written.add(sent.chain[mark.end])
            if sent.ends[mark.end] > at:
                writes[mark.lifetime_s] = writes.get(mark.lifetime_s, 0) + sent.ends[mark.end] - at
                at = sent.ends[mark.end]
        return read, tuple(sorted(writes.items()))

    def _found(self, sent: Sent, mark: Breakpoint) -> int:
        """Number of chunks that are read at this breakpoint."""
        first = max(0, mark.end - _LOOK_BACK)
        return next((n for n in range(mark.end, first, -1) if sent.chain[n] in self._written), 0)
