"""From what was settled to what is recorded: counts, hashes and reasons."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from sparing.core.receipt import SpanReceipt
from sparing.settle import Settlement


def receipt_id() -> str:
    """Sortable by time, unguessable: 12 hex digits of milliseconds, 12 of chance."""
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(6).hex()}"


def span_receipts(settlement: Settlement, losses: Sequence[float]) -> tuple[SpanReceipt, ...]:
    """One account per span that could have been reduced.

    Args:
        losses: What each is expected to have lost; see `at_risk.losses_of`.
    """
    return tuple(
        SpanReceipt(
            label=change.span.label,
            kind=change.span.kind,
            content=change.content,
            reducer=change.rendition.reducer,
            tokens_before=change.tokens_before,
            tokens_after=change.tokens_after,
            elided=sum(elision.num_units for elision in change.rendition.elisions),
            unit=change.rendition.unit,
            why=reason,
            sha256=change.span.sha256,
            judged_by=change.rendition.judged_by,
            expected_loss=round(loss, 6),
        )
        for change, reason, loss in zip(settlement.changes, settlement.reasons, losses, strict=True)
    )
