"""A modelled upstream: so many requests at once, so many tokens a second, a prefix cache."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from sparing.core.prices import Prices
from sparing.evals.simulate.arrivals import BLOCK_TOKENS, Arrival
from sparing.plan.forecast.latency import Latency


@dataclass(frozen=True, slots=True)
class Thinking:
    """One depth of thought, as measured elsewhere.

    Attributes:
        tokens: Of thought, on average; harder requests take more.
        loss: Chance that the answer to the hardest request is worse for it.
    """

    name: str
    tokens: float
    loss: float

    def tokens_for(self, arrival: Arrival) -> int:
        """What one request takes: from a half of the average to four times as much with its hardness."""
        return int(self.tokens * (0.5 + 1.5 * arrival.hardness))


@dataclass(frozen=True, slots=True)
class ServerModel:
    """What is known of an upstream.

    Attributes:
        slots: Requests that it serves at once.
        first_s: To the first token of an empty prompt.
        prefill_tokens_s: Tokens of the prompt read in a second.
        decode_tokens_s: Tokens of one answer written in a second.
        loss: Chance that its answer to the hardest request is worse than the best tier's.
        cache_blocks: Blocks of prompts that its prefix cache holds.
        depths: That it can be told, what is preferred first; none: it does not think.
    """

    name: str
    prices: Prices | None
    slots: int
    first_s: float
    prefill_tokens_s: float
    decode_tokens_s: float
    loss: float = 0.0
    cache_blocks: int = 20_000
    depths: tuple[Thinking, ...] = ()


@dataclass(slots=True)
class Server:
    """The upstream while it runs, and what is learned of it."""

    model: ServerModel
    latency: Latency = field(init=False)
    _cache: OrderedDict[int, None] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.latency = Latency(self.model.slots)

    def cached_tokens(self, arrival: Arrival, kept: float) -> int:
        """Of the prompt as it is sent, what the prefix cache holds; what is kept of a block is kept every time."""
        found = 0
        for block in arrival.blocks:
            if block not in self._cache:
                break
            found += 1
        return int(min(found * BLOCK_TOKENS, arrival.input_tokens) * kept)

    def times_s(
        self, input_tokens: int, cached_tokens: int, output_tokens: int, thought_tokens: int = 0
    ) -> tuple[float, float]:
        """To the first token that is no thought and to the last, from when it is served."""
        model = self.model
        read_s = model.first_s + (input_tokens - cached_tokens) / model.prefill_tokens_s
        first_s = read_s + min(thought_tokens, output_tokens) / model.decode_tokens_s
        return first_s, read_s + max(0, output_tokens - 1) / model.decode_tokens_s

    def read(self, arrival: Arrival) -> None:
        """Its blocks are in the cache now."""
        for block in arrival.blocks:
            self._cache[block] = None
            self._cache.move_to_end(block)
        while len(self._cache) > self.model.cache_blocks:
            self._cache.popitem(last=False)
