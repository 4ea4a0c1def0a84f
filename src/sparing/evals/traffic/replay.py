"""What a conversation would have cost: every request billed as it was sent and as it is in the log."""

from __future__ import annotations

from dataclasses import dataclass

from sparing import registry
from sparing.core.counter import Counter
from sparing.core.prices import Prices
from sparing.core.span import Prompt
from sparing.core.usage import Usage
from sparing.core.wire import Wire
from sparing.evals.task import Tally
from sparing.evals.traffic.cache import PromptCache
from sparing.evals.traffic.conversation import Answer, Conversation
from sparing.evals.traffic.held import Held, held
from sparing.evals.traffic.sender import Sender
from sparing.evals.traffic.sent import sent
from sparing.tokens.models import counter_for


@dataclass(frozen=True, slots=True)
class Bill:
    """One request, billed.

    Attributes:
        input_usd: For the prompt, the cache's part in it included; 0 without prices.
        usd: With the answer.
    """

    usage: Usage
    input_usd: float
    usd: float


@dataclass(frozen=True, slots=True)
class ReplayedTurn:
    """One request as it is in the log and as it was sent instead."""

    log: Bill
    sent: Bill
    held: Held


@dataclass(frozen=True, slots=True)
class Replayed:
    """One conversation."""

    conversation: str
    model: str
    turns: tuple[ReplayedTurn, ...]

    @property
    def log_usd(self) -> float:
        return sum(turn.log.usd for turn in self.turns)

    @property
    def sent_usd(self) -> float:
        return sum(turn.sent.usd for turn in self.turns)

    @property
    def log_tokens(self) -> int:
        return sum(turn.log.usage.input_tokens for turn in self.turns)

    @property
    def sent_tokens(self) -> int:
        return sum(turn.sent.usage.input_tokens for turn in self.turns)

    @property
    def output_tokens(self) -> int:
        return sum(turn.log.usage.output_tokens for turn in self.turns)

    @property
    def values(self) -> Tally:
        """Values of tool results that answers used, and those that could be read then."""
        return _pooled([turn.held.values for turn in self.turns])

    @property
    def words(self) -> Tally:
        """Users' own words, and those that were there to the letter."""
        return _pooled([turn.held.words for turn in self.turns])


def model_of(conversation: Conversation) -> str:
    """The model that the first request names."""
    wire: Wire = registry.load("wires", conversation.wire)
    return wire.parse(conversation.turns[0].body).model


def replay(conversation: Conversation, sender: Sender, prices: Prices | None) -> Replayed:
    """Send the turns of a conversation in order and bill both sides, each with a cache of its own.

    Args:
        prices: None counts tokens only.
    Raises:
        RequestError: The sender refuses a body.
    """
    wire: Wire = registry.load("wires", conversation.wire)
    model = model_of(conversation)
    counter = counter_for(model)
    log, went = _Side(counter, prices), _Side(counter, prices)
    sender.begin()
    turns = []
    for turn in conversation.turns:
        body = sender.send(conversation.wire, turn.body).body
        original, seen = wire.parse(turn.body), wire.parse(body)
        kept = held(original, seen, turn.answer)
        turns.append(ReplayedTurn(log.bill(original, turn.answer), went.bill(seen, turn.answer), kept))
    return Replayed(conversation.id, model, tuple(turns))


class _Side:
    """One side of the comparison, and what the provider's cache holds of it."""

    def __init__(self, counter: Counter, prices: Prices | None) -> None:
        self._counter = counter
        self._prices = prices
        self._cache = None if prices is None else PromptCache(prices, counter)

    def bill(self, prompt: Prompt, answer: Answer) -> Bill:
        request = sent(prompt, self._counter)
        output_tokens = answer.tokens(self._counter)
        if self._prices is None or self._cache is None:
            return Bill(Usage(request.tokens, output_tokens), 0.0, 0.0)
        usage = self._cache.bill(request, output_tokens)
        return Bill(usage, self._prices.input_cost_usd(usage), self._prices.cost_usd(usage))


def _pooled(tallies: list[Tally]) -> Tally:
    return Tally(sum(one.got for one in tallies), sum(one.of for one in tallies))
