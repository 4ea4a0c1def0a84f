"""A reduction that a test can predict: cuts a marker out of the body and says so."""

from __future__ import annotations

import threading
from typing import Any

from sparing.core.budget import Budget, Mode
from sparing.core.receipt import Receipt
from sparing.core.wire import Wire
from sparing.pipeline import Reduction
from sparing.settings import PolicySettings

FILLER = " filler" * 10


class FakeReduce:
    """Stands in for `pipeline.reduce_body`; keeps what it was called with."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.calls: list[dict[str, Any]] = []

    def __call__(self, body: bytes, wire: Wire, policy: PolicySettings, budget: Budget, mode: Mode) -> Reduction:
        thread = threading.current_thread().name
        self.calls.append({"wire": wire.name, "policy": policy, "budget": budget, "mode": mode, "thread": thread})
        if self.error is not None:
            raise self.error
        short = body.replace(FILLER.encode(), b"")
        reason = "" if short != body else "nothing to cut"
        counts = {"tokens_before": len(body), "tokens_after": len(short)}
        receipt = Receipt(
            id=f"r{len(self.calls)}", created_s=1.0, wire=wire.name, model="gpt-4o", mode=mode, exact=True,
            reason=reason, spans=(), step_ms={"reduce": 1.0}, **counts,
        )  # fmt: skip
        return Reduction(short if mode is Mode.ON else body, receipt, "gpt-4o", stream=b'"stream": true' in body)
