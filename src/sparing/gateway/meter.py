"""What one request may use and has used: tokens, and money at the prices of the model that is asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from sparing.core.budget import Mode
from sparing.core.counter import BYTES_PER_TOKEN
from sparing.core.prices import Prices
from sparing.core.upstream import Spent
from sparing.core.usage import Usage
from sparing.errors import LimitTooSmall
from sparing.gateway.exchange import Exchange
from sparing.gateway.outgoing import Outgoing
from sparing.plan.quota.store import NUSD, Ask, Scope
from sparing.prices.lookup import prices_for


class Meter(msgspec.Struct, frozen=True):
    """Counts for one model.

    Attributes:
        model: "" where no model is asked (a list of models, a file).
        seller: Who is paid; "" goes by the model's name.
        prices_file: Rows of the user's.
        must_price: Whether money is limited, so that a model without a price cannot be asked.
    """

    model: str
    seller: str
    prices_file: str
    must_price: bool

    def prices(self, input_tokens: int) -> Prices | None:
        """What the model costs at this length of prompt.

        Raises:
            LimitTooSmall: Nobody knows, and money is limited.
        """
        if not self.model:
            return None
        found = prices_for(self.model, self.seller, prompt_tokens=input_tokens, file=self.prices_file)
        if found is None and self.must_price:
            raise LimitTooSmall(
                f"no price is known of {self.model!r}, so what it costs cannot be kept within a limit of money",
                hint="add a row to the file that policy.prices_file names",
            )
        return found

    def ask(self, input_tokens: int, output_tokens: int) -> Ask:
        """What to set aside."""
        prices = self.prices(input_tokens) if self.must_price else None
        if prices is None:
            return Ask(input_tokens + output_tokens, 0, input_tokens, 0)
        prompt_usd = prices.uncached_usd(input_tokens, 0)
        whole_usd = prices.uncached_usd(input_tokens, output_tokens)
        return Ask(input_tokens + output_tokens, _rounded_up(whole_usd), input_tokens, _rounded_up(prompt_usd))

    def nusd(self, usage: Usage) -> int:
        """What that costs, in billionths of a dollar, rounded up."""
        prices = self.prices(usage.input_tokens)
        return _rounded_up(prices.cost_usd(usage)) if prices else 0

    def spent_nusd(self, spent: Spent) -> int:
        """What an answer that was not passed on cost, at the prices of its own model; nothing where nobody knows."""
        tokens = max(0, spent.usage.input_tokens)
        found = prices_for(spent.model, spent.provider, prompt_tokens=tokens, file=self.prices_file)
        return _rounded_up(found.cost_usd(spent.usage)) if found is not None else 0

    def affordable_tokens(self, usd: float, input_tokens: int) -> int | None:
        """How long an answer may get for so much money, the prompt paid; None: as long as it likes."""
        prices = self.prices(input_tokens)
        if prices is None or prices.output_usd <= 0:
            return None
        left_usd = usd - prices.cost_usd(Usage(input_tokens, 0))
        return max(int(left_usd * 1_000_000 / prices.output_usd), 0)


def _rounded_up(usd: float) -> int:
    """Billionths of a dollar, rounded up but for what a float cannot tell."""
    return math.ceil(usd * NUSD - 1e-3)


def counts_money(scopes: Sequence[Scope]) -> bool:
    """Whether any of these limits money."""
    return any(one.bounds.nusd_per_day is not None or one.bounds.nusd_per_month is not None for one in scopes)


def input_tokens_of(outgoing: Outgoing) -> int:
    """Tokens of the prompt that goes out; estimated where nothing was counted."""
    receipt = outgoing.receipt
    if receipt is None:
        return estimated_tokens(outgoing.body)
    sent = receipt.tokens_after if receipt.mode == Mode.ON else receipt.tokens_before
    return sent + receipt.retrieved_tokens


def estimated_tokens(body: bytes) -> int:
    """Tokens of a body that nobody counted."""
    return len(body) // BYTES_PER_TOKEN


def really_used(exchange: Exchange, input_tokens: int, output_tokens: int) -> Usage:
    """What a request used, as far as anybody knows.

    An answer that never began used nothing. What the provider did not say: the prompt as it was counted, and of a
    stream as many tokens as it had events.

    Args:
        input_tokens: As counted.
        output_tokens: As set aside.
    """
    usage = exchange.usage
    began = 0 < exchange.status < 400
    if usage.input_tokens < 0:
        usage = replace(usage, input_tokens=input_tokens if began else 0)
    if usage.output_tokens < 0 or exchange.error:  # a stream that broke off has not said its last word
        heard = exchange.num_events or (output_tokens if began and not exchange.error else 0)
        usage = replace(usage, output_tokens=max(usage.output_tokens, heard))
    return usage
