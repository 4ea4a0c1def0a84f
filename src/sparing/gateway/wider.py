"""Asking once more with more passages, where nothing of an answer was borne out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from msgspec.structs import replace as replace_struct

from sparing.core.upstream import Answer, Call, Upstream, may_ask
from sparing.gateway.exchange import Exchange
from sparing.gateway.outgoing import Outgoing
from sparing.gateway.retrieving import Retrieving
from sparing.gateway.usage import UsageReader


@dataclass(slots=True)
class Wider:
    """The second try of one request. Implements `checked.Again`.

    Attributes:
        answer: Of the first try; `call` is what it answers.
        capped: Puts the limits of the answer on a request.
    """

    retrieving: Retrieving
    answer: Answer
    call: Call
    upstream: Upstream
    exchange: Exchange
    capped: Callable[[Outgoing], Outgoing]
    _sent: Outgoing | None = None

    async def ask(self) -> Answer | None:
        """The model's answer to more passages; None where there are no more."""
        wider = await self.retrieving.wider()
        if wider is None:
            return None
        body = self.capped(wider)
        if not await may_ask(self.call, added_bytes=max(0, len(body.body) - len(self.call.body))):
            return None
        self._sent = body
        return await self.upstream.send(replace(self.call, body=self._sent.body))

    def taken(self, first: bytes) -> None:
        """Its answer stands in place of the first, whose tokens were spent all the same."""
        assert self._sent is not None
        usage = UsageReader()
        usage.see(first)
        self.exchange.used(usage.usage(), self.answer)
        receipt, new = self.exchange.receipt, self._sent.receipt
        if receipt is not None and new is not None:
            self.exchange.receipt = replace_struct(receipt, retrieved_tokens=new.retrieved_tokens, spans=new.spans)

    def left(self) -> None:
        """Its answer was none, and the first stands."""
        if self._sent is not None:
            self.retrieving.narrow()
