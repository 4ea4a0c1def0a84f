"""One tier, as this gateway knows it so far: who is in its line, what it costs, how soon it answers."""

from __future__ import annotations

from collections import Counter

from sparing.core.prices import Prices
from sparing.gateway.clients import seller
from sparing.gateway.exchange import Exchange
from sparing.plan.forecast.latency import Latency, Observation
from sparing.prices.lookup import prices_for
from sparing.settings.providers import shape_of
from sparing.settings.tiers import url_of
from sparing.settings.tree import TierSettings


class KnownTier:
    """Used on the event loop only.

    Attributes:
        latency: Learned by what it answered.
    """

    def __init__(self, settings: TierSettings) -> None:
        self.settings = settings
        self.latency = Latency(settings.at_once or None)
        self._in_flight: Counter[int] = Counter()  # requests by their rank
        self._sellers: dict[str, str] = {}

    def num_before(self, rank: int) -> int:
        """Requests in flight that one of this rank does not pass in the tier's line."""
        total, at_once = sum(self._in_flight.values()), self.settings.at_once
        if not at_once or total <= at_once:
            return total
        return max(at_once, sum(num for other, num in self._in_flight.items() if other <= rank))

    def entered(self, rank: int) -> int:
        """One more is in flight; says how many were before it."""
        before = self.num_before(rank)
        self._in_flight[rank] += 1
        return before

    def left(self, rank: int) -> None:
        """One is in flight no more."""
        self._in_flight[rank] -= 1
        if not self._in_flight[rank]:
            del self._in_flight[rank]

    def seller(self, wire: str) -> str:
        """Who is paid for requests in this wire format."""
        if wire not in self._sellers:
            shape = shape_of(wire)
            self._sellers[wire] = seller(shape, url_of(self.settings, shape))
        return self._sellers[wire]

    def prices(self, wire: str, file: str) -> Prices | None:
        """What its model costs; None where nobody knows, or the request names the model.

        Args:
            file: Rows of the user's.
        """
        if not self.settings.model:
            return None
        return prices_for(self.settings.model, self.seller(wire), file=file)

    def learn(self, exchange: Exchange, before: int, *, stream: bool) -> None:
        """Learn from an answer; nothing where the caller left before there was one, or asked wrongly.

        Args:
            before: Requests that were in flight when it was sent.
        """
        usage = exchange.usage
        sizes = max(0, usage.input_tokens), max(0, usage.cache_read_tokens), before
        if exchange.status >= 500:
            self.latency.observe(Observation(*sizes, None))
        if exchange.status >= 400 or not exchange.first_byte_s:
            return
        ended_s = exchange.ended_s if not exchange.error else 0.0
        answer_s = ended_s - exchange.sent_s if ended_s else None
        first_s = exchange.first_byte_s - exchange.sent_s
        thought = max(0, usage.reasoning_tokens)
        seen = Observation(*sizes, first_s, max(0, usage.output_tokens), answer_s, thought)
        if stream:
            self.latency.observe(seen)
        else:
            self.latency.observe_whole(seen)
