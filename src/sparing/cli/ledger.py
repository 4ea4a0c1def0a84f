"""Receipts of what the command line itself reduced, in the same store as the gateway's. Best effort."""

from __future__ import annotations

import os
import time
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from sparing.cli.inputs import Material
from sparing.cli.output import note
from sparing.core.receipt import Receipt, SpanReceipt
from sparing.errors import RecordError
from sparing.settings import RecordSettings
from sparing.settings.paths import receipts_file

if TYPE_CHECKING:
    from sparing.api import Reduced
    from sparing.cli.batch import Batch
    from sparing.cli.chat import Reply

WIRE = "cli"


def receipt_of(batch: Batch, model: str) -> Receipt:
    """The account of one command: counts, hashes and reasons."""
    from sparing.receipts import receipt_id

    reasons = dict.fromkeys(result.reason for result in batch.results if result.reason)
    return Receipt(
        id=receipt_id(),
        created_s=time.time(),
        wire=WIRE,
        model=model,
        mode="on",
        tokens_before=batch.tokens_before,
        tokens_after=batch.tokens_after,
        exact=batch.exact,
        reason="" if batch.tokens_after < batch.tokens_before else "; ".join(reasons),
        spans=tuple(_span(item, result) for item, result in zip(batch.material, batch.results, strict=True)),
        step_ms={"reduce": batch.ms},
        total_ms=batch.ms,
        expected_loss=batch.expected_loss,
    )


def answered(receipt: Receipt, reply: Reply) -> Receipt:
    """The same, with what the model's server reported."""
    return msgspec.structs.replace(
        receipt,
        status=200,
        usage_input_tokens=reply.prompt_tokens,
        usage_output_tokens=reply.answer_tokens,
        first_byte_ms=round(reply.first_s * 1000, 3),
        total_ms=round(receipt.total_ms + reply.total_s * 1000, 3),
    )


def remember(record: RecordSettings, receipt: Receipt) -> None:
    """Write it, unless receipts are turned off. A disk that fails costs the receipt, never the command."""
    if not record.enabled:
        return
    from sparing.record.store import ReceiptStore

    try:
        with ReceiptStore(receipts_file(record, os.environ)) as store:
            store.add([receipt])
    except RecordError as error:
        note(f"no receipt was written: {error.message}")


def _span(item: Material, result: Reduced) -> SpanReceipt:
    return SpanReceipt(
        label=item.title,
        kind="document",
        content=str(result.kind),
        reducer=result.reducer,
        tokens_before=result.tokens_before,
        tokens_after=result.tokens_after,
        elided=sum(elision.num_units for elision in result.elided),
        unit=result.unit,
        why=result.reason,
        sha256=sha256(item.text.encode("utf-8", "surrogatepass")).hexdigest(),
        expected_loss=result.expected_loss,
    )
