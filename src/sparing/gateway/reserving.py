"""How near one request is to its limits, and how much of them is set aside for it."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.gateway.allowance import Allowance
from sparing.gateway.desk import Desk
from sparing.gateway.exchange import Exchange
from sparing.gateway.meter import Meter, estimated_tokens
from sparing.plan.quota.store import Granted, Pressure, Refused, Scope
from sparing.receive.knobs import Knobs


class Reserving:
    """One request.

    Args:
        scopes: What of its caller and its policy has limits.
        generates: Whether it asks for a generated answer.

    Attributes:
        allowance: What it may use; None where nothing is limited.
    """

    def __init__(
        self, desk: Desk, scopes: Sequence[Scope], meter: Meter, knobs: Knobs, exchange: Exchange, *, generates: bool
    ) -> None:
        self._desk, self._scopes, self._meter = desk, scopes, meter
        self._num_answers = knobs.num_answers if generates else 0
        self.allowance = Allowance(desk.counts, scopes, meter, exchange) if scopes else None

    def pressure(self, body: bytes, most: int | None) -> Pressure:
        """How near the limits are, with this body and answers of at most so many tokens; None: as long as usual."""
        return self._desk.counts.pressure(self._scopes, self._meter.ask(estimated_tokens(body), self._answer(most)))

    async def reserve(self, input_tokens: int, most: int | None) -> Granted | Refused | None:
        """Set aside what the request's own call may use; None where nothing is limited.

        Args:
            input_tokens: Of the prompt that goes out.
            most: Tokens of each answer, as that says; None: as long as usual.
        """
        if self.allowance is None:
            return None
        return await self.allowance.let_in(input_tokens, self._answer(most))

    def settle(self) -> tuple[int, int]:
        """Put what was really used in place of what was set aside: tokens, and billionths of a dollar."""
        return (0, 0) if self.allowance is None else self.allowance.settle()

    def _answer(self, most: int | None) -> int:
        """What to set aside for the answers, of so many tokens each."""
        return (most or self._desk.answer_tokens) * self._num_answers
