"""What every request of one gateway shares."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Protocol

from sparing.core.budget import Budget, Mode
from sparing.core.calibration import Calibration
from sparing.core.receipt import Receipt
from sparing.core.summaries import Summaries
from sparing.core.wire import Wire
from sparing.gateway.controls import Controls
from sparing.gateway.desk import Desk
from sparing.gateway.stores import Stores
from sparing.guard.drift import DriftWatch
from sparing.pipeline import Reduction
from sparing.record.metrics import Metrics
from sparing.record.summaries import MemorySummaries, SummaryStore
from sparing.settings import PolicySettings


class Reduce(Protocol):
    """`pipeline.reduce_body`."""

    def __call__(
        self,
        body: bytes,
        wire: Wire,
        policy: PolicySettings,
        budget: Budget,
        mode: Mode,
        summaries: Summaries | None = None,
    ) -> Reduction: ...


class Recorder(Protocol):
    """Takes receipts without making anyone wait, and never raises."""

    @property
    def dropped(self) -> int: ...

    @property
    def failed(self) -> int: ...

    def start(self) -> None: ...

    def record(self, receipt: Receipt) -> None: ...

    def close(self) -> None: ...


class Elided(Protocol):
    """Keeps what is left out without making anyone wait, and never raises."""

    @property
    def dropped(self) -> int: ...

    @property
    def failed(self) -> int: ...

    def start(self) -> None: ...

    def put(self, tenant: str, texts: tuple[str, ...]) -> None: ...

    def get(self, tenant: str, handle: str) -> str | None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Services:
    """What a `Proxy` works with.

    Attributes:
        defaults: How a request is treated that says nothing about it.
        pool: Where big bodies are reduced.
        elided: Where what is left out is kept; None keeps nothing.
        summaries: What models wrote about old results, for policies that allow it.
        sellers: Wire format to the provider that is paid for the tokens, where the address tells.
        desk: Where requests are let in; None lets everything in.
        stores: What requests may name to fetch passages from; None where no store is configured.
        drift: Watches the texts of requests with a risk.
    """

    defaults: Controls
    max_body_bytes: int
    reduce: Reduce
    metrics: Metrics
    pool: Executor
    recorder: Recorder | None = None
    elided: Elided | None = None
    summaries: SummaryStore = field(default_factory=MemorySummaries)
    sellers: Mapping[str, str] = field(default_factory=dict)
    desk: Desk | None = None
    stores: Stores | None = None
    drift: DriftWatch = field(default_factory=lambda: DriftWatch(Calibration()))
