"""Questions of our own, asked beside a caller's request: sent on like it, each with a receipt for what it costs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from sparing.core.counter import BYTES_PER_TOKEN
from sparing.core.receipt import Receipt
from sparing.core.upstream import Answer, Call, Spent, Upstream, served_by
from sparing.core.usage import Usage
from sparing.errors import UpstreamError
from sparing.gateway.services import Recorder
from sparing.gateway.usage import UsageReader
from sparing.generate.side_question import said, side_question
from sparing.receipts import receipt_id
from sparing.record.money import OWN

_ANSWER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SideCalls:
    """Asks whoever answers the caller, with the caller's own key.

    Args:
        call: The request beside which it is asked; its body does not matter.
        sellers: Wire format to who is paid.
    """

    call: Call
    upstream: Upstream
    recorder: Recorder | None = None
    sellers: Mapping[str, str] = field(default_factory=dict)

    async def ask(self, prompt: str, *, model: str, max_tokens: int, reason: str) -> str:
        """What the model says; "" where it says nothing.

        Args:
            reason: What for, as the receipt tells it.
        Raises:
            QuotaExceeded, LimitTooSmall: What it may take cannot be set aside.
            UpstreamError: No answer, or none with status 200.
        """
        call, allowance = side_question(self.call, prompt, model=model, max_tokens=max_tokens), self.call.allowance
        if allowance is not None and not await allowance.beside(len(call.body) // BYTES_PER_TOKEN, max_tokens):
            raise allowance.why()
        answer = await self.upstream.send(call)
        try:
            body = await _whole(answer)
        finally:
            await answer.aclose()
        usage = UsageReader()
        usage.see(body)
        self._record(call, answer, usage.usage(), reason)
        if answer.status != 200:
            raise UpstreamError(f"the upstream answered {answer.status} to the request for it")
        return said(call.wire, body)

    def _record(self, call: Call, answer: Answer, usage: Usage, reason: str) -> None:
        """So that quotas and the ledger debit it."""
        served = served_by(answer)
        seller = served.provider if served.tier else self.sellers.get(call.wire, "")
        if call.allowance is not None:
            for one in (Spent(served.model or call.model, seller, usage), *served.spent):
                call.allowance.used(one)
        if self.recorder is None:
            return
        self.recorder.record(
            Receipt(
                id=receipt_id(),
                created_s=time.time(),
                wire=call.wire,
                model=served.model or call.model,
                mode=OWN,
                tokens_before=0,
                tokens_after=max(0, usage.input_tokens),
                exact=True,
                reason=reason,
                spans=(),
                step_ms={},
                status=answer.status,
                usage_input_tokens=usage.input_tokens,
                usage_output_tokens=usage.output_tokens,
                usage_cache_read_tokens=usage.cache_read_tokens,
                usage_cache_writes=usage.cache_writes,
                usage_reasoning_tokens=usage.reasoning_tokens,
                provider=seller,
                tier=served.tier,
                tries=served.tries,
                spent=served.spent,
            )
        )


async def _whole(answer: Answer) -> bytes:
    parts, size = [], 0
    async for chunk in answer.chunks():
        parts.append(chunk)
        size += len(chunk)
        if size > _ANSWER_BYTES:
            raise UpstreamError(f"the answer is longer than {_ANSWER_BYTES:,} bytes")
    return b"".join(parts)
