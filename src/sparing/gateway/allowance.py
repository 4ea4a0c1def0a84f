"""What one request may use: set aside before its calls are made, settled once with what they really took."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.core.counter import BYTES_PER_TOKEN
from sparing.core.upstream import Spent
from sparing.core.usage import Usage
from sparing.errors import LimitTooSmall, QuotaUnavailable, RequestError, SparingError
from sparing.gateway.counts import Counts
from sparing.gateway.exchange import Exchange
from sparing.gateway.meter import Meter, really_used
from sparing.gateway.refusals import refusal
from sparing.plan.quota.store import Ask, Granted, Refused, Reservation, Scope

_NOTHING = Usage(0, 0)


class Allowance:
    """Of one request. Implements `core.upstream.Allowance`.

    The answer that is passed on is set aside when the request is let in. Whatever is to be had beside it (a smaller
    model's try, a second request against slowness, another round) is set aside before it is asked for, or is not.
    """

    def __init__(self, counts: Counts, scopes: Sequence[Scope], meter: Meter, exchange: Exchange) -> None:
        self._counts = counts
        self._scopes = scopes
        self._meter = meter
        self._exchange = exchange
        self._input_tokens = self._output_tokens = 0  # of the request's own call
        self._is_in = self._is_over = False
        self._held: list[Reservation] = []
        self._beside: list[Spent] = []
        self._why: SparingError = RequestError("the request is over")

    async def let_in(self, input_tokens: int, output_tokens: int) -> Granted | Refused:
        """Set aside the request's own call, its answer at its ceiling."""
        ask = self._meter.ask(input_tokens, output_tokens)
        result = await self._counts.reserve(self._scopes, ask, self._exchange.deciding)
        if isinstance(result, Granted):
            self._input_tokens, self._output_tokens, self._is_in = input_tokens, output_tokens, True
            self._held.append(result.reservation)
        return result

    async def more(self, calls: int = 1, added_bytes: int = 0) -> bool:
        """See `core.upstream.Allowance`."""
        added_tokens = -(-added_bytes // BYTES_PER_TOKEN)
        return await self._holds(calls * (self._input_tokens + added_tokens), calls * self._output_tokens)

    async def beside(self, input_tokens: int, output_tokens: int) -> bool:
        """See `core.upstream.Allowance`."""
        return await self._holds(input_tokens, output_tokens)

    def why(self) -> SparingError:
        """See `core.upstream.Allowance`."""
        return self._why

    def used(self, spent: Spent) -> None:
        """See `core.upstream.Allowance`."""
        self._beside.append(spent)

    def lost(self) -> None:
        """See `core.upstream.Allowance`."""
        self._beside.append(Spent(self._meter.model, self._meter.seller, Usage(self._input_tokens, 0)))

    def settle(self) -> tuple[int, int]:
        """Put what was really used in place of what was set aside; tokens, and money in billionths of a dollar."""
        self._is_over = True
        beside = [*self._exchange.served.spent, *self._beside]
        usage = _NOTHING
        if self._is_in:
            usage = really_used(self._exchange, self._input_tokens, self._output_tokens)
        tokens = sum(max(0, count) for one in (usage, *(spent.usage for spent in beside)) for count in _counts_of(one))
        nusd = sum(map(self._meter.spent_nusd, beside)) + (self._meter.nusd(usage) if self._is_in else 0)
        self._distribute(tokens, nusd if self._meter.must_price else 0)
        return tokens, nusd

    def _distribute(self, tokens: int, nusd: int) -> None:
        """Over what is held, each up to what it is; what is more was not set aside, and goes to the last."""
        for left in reversed(range(len(self._held))):
            held = self._held[left]
            its_tokens = min(tokens, held.tokens) if left else tokens
            its_nusd = min(nusd, held.nusd) if left else nusd
            self._counts.settle(held, its_tokens, its_nusd)
            tokens, nusd = tokens - its_tokens, nusd - its_nusd
        self._held.clear()

    async def _holds(self, input_tokens: int, output_tokens: int) -> bool:
        try:
            asked = self._meter.ask(input_tokens, output_tokens)
            ask = Ask(asked.tokens, asked.nusd, asked.sure_tokens, asked.sure_nusd, more=True)
            result = await self._counts.reserve(self._scopes, ask, self._exchange.deciding)
        except (LimitTooSmall, QuotaUnavailable) as error:
            self._why = error
            return False
        if isinstance(result, Refused):
            self._why = refusal(result)
            return False
        if self._is_over:
            self._counts.settle(result.reservation, 0, 0)
            return False
        self._held.append(result.reservation)
        return True


def _counts_of(usage: Usage) -> tuple[int, int]:
    return usage.input_tokens, usage.output_tokens
