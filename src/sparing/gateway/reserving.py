"""What one request may use of its limits: how near they are, what is set aside of them, what is settled in the end."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.core.upstream import Spent
from sparing.gateway.desk import Desk
from sparing.gateway.exchange import Exchange
from sparing.gateway.meter import Meter, estimated_tokens, really_used
from sparing.plan.quota.store import Granted, Pressure, Refused, Reservation, Scope
from sparing.receive.knobs import Knobs


class Reserving:
    """One request.

    Args:
        scopes: What of its caller and its policy has limits.
        generates: Whether it asks for a generated answer.
    """

    def __init__(
        self, desk: Desk, scopes: Sequence[Scope], meter: Meter, knobs: Knobs, exchange: Exchange, *, generates: bool
    ) -> None:
        self._desk, self._scopes, self._meter = desk, scopes, meter
        self._exchange = exchange
        self._num_answers = knobs.num_answers if generates else 0
        self._reserved: tuple[Reservation, int, int] | None = None

    def pressure(self, body: bytes, most: int | None) -> Pressure:
        """How near the limits are, with this body and answers of at most so many tokens; None: as long as usual."""
        return self._desk.counts.pressure(self._scopes, self._meter.ask(estimated_tokens(body), self._answer(most)))

    async def reserve(self, input_tokens: int, most: int | None) -> Granted | Refused:
        """Set aside what the request may use.

        Args:
            input_tokens: Of the prompt that goes out.
            most: Tokens of each answer, as that says; None: as long as usual.
        """
        output_tokens = self._answer(most)
        asked = self._meter.ask(input_tokens, output_tokens)
        result = await self._desk.counts.reserve(self._scopes, asked, self._exchange.deciding)
        if isinstance(result, Granted):
            self._reserved = (result.reservation, input_tokens, output_tokens)
        return result

    def settle(self) -> tuple[int, int]:
        """Put what was really used in place of what was set aside: tokens, and billionths of a dollar."""
        if self._reserved is None:
            return 0, 0
        reservation, input_tokens, output_tokens = self._reserved
        usage = really_used(self._exchange, input_tokens, output_tokens)
        beside = self._exchange.served.spent  # on answers that were not passed on
        tokens = usage.input_tokens + usage.output_tokens + sum(map(_tokens, beside))
        nusd = self._meter.nusd(usage) + sum(map(self._meter.spent_nusd, beside))
        self._desk.counts.settle(reservation, tokens, nusd if self._meter.must_price else 0)
        return tokens, nusd

    def _answer(self, most: int | None) -> int:
        """What to set aside for the answers, of so many tokens each."""
        return (most or self._desk.answer_tokens) * self._num_answers


def _tokens(spent: Spent) -> int:
    return max(0, spent.usage.input_tokens) + max(0, spent.usage.output_tokens)
