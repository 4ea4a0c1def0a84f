"""The account of one request, filled in on its way."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from msgspec.structs import replace

from sparing.core.budget import Mode
from sparing.core.receipt import Receipt
from sparing.core.usage import Usage
from sparing.gateway.headers import safe


@dataclass(slots=True)
class Exchange:
    """What is known about a request so far.

    Attributes:
        mode: None until the caller's headers have been read.
        receipt: As the pipeline wrote it; None when nothing was measured.
        reason: Why nothing was reduced, where there is no receipt to say so.
        provider: Who is paid for the answer; "" if unknown.
    """

    wire: str
    provider: str = ""
    mode: Mode | None = None
    receipt: Receipt | None = None
    reason: str = ""
    status: int = 0
    error: str = ""
    usage: Usage = field(default_factory=Usage)
    recalled_tokens: int = 0
    extra_turns: int = 0
    started_s: float = field(default_factory=time.perf_counter)
    first_byte_s: float = 0.0

    def headers(self) -> list[tuple[bytes, bytes]]:
        """What the answer says about itself."""
        if self.mode is None:
            return []
        told = [(b"x-sparing-mode", self.mode.encode())]
        receipt = self.receipt
        if receipt is not None:
            told.append((b"x-sparing-tokens-before", b"%d" % receipt.tokens_before))
            told.append((b"x-sparing-tokens-after", b"%d" % receipt.tokens_after))
            told.append((b"x-sparing-receipt", receipt.id.encode()))
            if receipt.risk:
                told += _risk(receipt)
            if receipt.cache_marks:
                told.append((b"x-sparing-cache-marks", b"%d" % receipt.cache_marks))
        reason = receipt.reason if receipt is not None else self.reason
        if reason:
            told.append((b"x-sparing-reason", safe(reason)))
        return told

    def used(self, usage: Usage) -> None:
        """Note what one answer cost, beside those before it."""
        self.usage = usage if self.usage == Usage() else self.usage.plus(usage)

    def failed(self, error: str, status: int) -> None:
        """Note what went wrong; the status stays what the caller was told, if it was told one."""
        self.error = error
        self.status = self.status or status

    def finished(self) -> Receipt | None:
        """The receipt with how it ended."""
        if self.receipt is None:
            return None
        now_s = time.perf_counter()
        return replace(
            self.receipt,
            status=self.status,
            usage_input_tokens=self.usage.input_tokens,
            usage_output_tokens=self.usage.output_tokens,
            usage_cache_read_tokens=self.usage.cache_read_tokens,
            usage_cache_writes=self.usage.cache_writes,
            usage_reasoning_tokens=self.usage.reasoning_tokens,
            first_byte_ms=round((self.first_byte_s - self.started_s) * 1000, 3) if self.first_byte_s else 0.0,
            total_ms=round((now_s - self.started_s) * 1000, 3),
            error=self.error,
            recalled_tokens=self.recalled_tokens,
            extra_turns=self.extra_turns,
            provider=self.provider,
        )


def _risk(receipt: Receipt) -> list[tuple[bytes, bytes]]:
    """What is expected to be lost, where a risk was asked for."""
    loss = b"unknown" if receipt.expected_loss < 0 else f"{receipt.expected_loss:.4f}".encode()
    told = [(b"x-sparing-expected-loss", loss)]
    if receipt.grown_tokens:
        told.append((b"x-sparing-budget-grown", b"%d" % receipt.grown_tokens))
    if receipt.drifted:
        told.append((b"x-sparing-drifted", ", ".join(receipt.drifted).encode()))
    return told
