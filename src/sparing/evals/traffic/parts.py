"""Which part of a conversation costs what, with the provider's prompt cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sparing import registry
from sparing.core.prices import Prices
from sparing.core.span import Kind
from sparing.core.wire import Wire
from sparing.evals.traffic.cache import PromptCache
from sparing.evals.traffic.conversation import Conversation
from sparing.evals.traffic.replay import model_of
from sparing.evals.traffic.sent import sent
from sparing.tokens.models import counter_for

_MILLION = 1_000_000
ANSWERS = "answers"
_NAMES = {
    Kind.TOOL_SCHEMA.value: "tool definitions",
    Kind.SYSTEM.value: "system prompt",
    Kind.USER.value: "what users say",
    Kind.ASSISTANT.value: "what the assistant said",
    Kind.TOOL_CALL.value: "arguments of calls",
    Kind.TOOL_RESULT.value: "tool results",
}


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of all requests cost, USD.

    Attributes:
        read_usd, written_usd: Read from the provider's cache, and written to it where that is billed.
        new_usd: At the price of input; for answers at that of output.
    """

    name: str
    read_usd: float
    written_usd: float
    new_usd: float

    @property
    def usd(self) -> float:
        return self.read_usd + self.written_usd + self.new_usd


def parts(conversations: Sequence[Conversation], prices: Prices) -> list[Part]:
    """The whole bill, part by part, answers last. Parts that no request has are left out."""
    costs: dict[str, list[float]] = {}
    for conversation in conversations:
        for name, read_usd, written_usd, new_usd in _billed(conversation, prices):
            cost = costs.setdefault(name, [0.0, 0.0, 0.0])
            cost[0] += read_usd
            cost[1] += written_usd
            cost[2] += new_usd
    known = [*_NAMES.values(), *(name for name in costs if name not in (*_NAMES.values(), ANSWERS)), ANSWERS]
    return [Part(name, *costs[name]) for name in known if name in costs]


def _billed(conversation: Conversation, prices: Prices) -> Iterator[tuple[str, float, float, float]]:
    """Every chunk of every request in turn: what is read comes first, then what is written, then the rest."""
    wire: Wire = registry.load("wires", conversation.wire)
    counter = counter_for(model_of(conversation))
    cache = PromptCache(prices, counter)
    for turn in conversation.turns:
        request = sent(wire.parse(turn.body), counter)
        usage = cache.bill(request, turn.answer.tokens(counter))
        read = max(0, usage.cache_read_tokens)
        written = read + usage.cache_write_tokens
        write_usd = prices.input_cost_usd(usage) * _MILLION - read * prices.cache_read_usd
        write_usd -= (usage.input_tokens - written) * prices.input_usd
        price = write_usd / usage.cache_write_tokens if usage.cache_write_tokens else 0.0
        ends = [*request.ends[1:-1], request.tokens]  # what primes the answer belongs to the last chunk
        for chunk, start, end in zip(request.chunks, request.ends, ends, strict=False):
            yield (
                _NAMES.get(chunk.head[0], chunk.head[0]),
                _within(start, end, 0, read) * prices.cache_read_usd / _MILLION,
                _within(start, end, read, written) * price / _MILLION,
                _within(start, end, written, request.tokens) * prices.input_usd / _MILLION,
            )
        yield ANSWERS, 0.0, 0.0, max(0, usage.output_tokens) * prices.output_usd / _MILLION


def _within(start: int, end: int, first: int, last: int) -> int:
    return max(0, min(end, last) - max(start, first))
