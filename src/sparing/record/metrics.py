"""Prometheus metrics of one gateway, in a registry of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from sparing.core.receipt import Receipt
from sparing.core.retrieval import Retrieval

CONTENT_TYPE = CONTENT_TYPE_LATEST

_STEP_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_DECISION_BUCKETS_S = (50e-6, 100e-6, 150e-6, 200e-6, 300e-6, 400e-6, 600e-6, 1e-3, 2e-3, 5e-3, 0.02)
_ANSWER_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


_MOST_TENANTS = 200


class Admitted(msgspec.Struct, frozen=True):
    """What a request that had to be let in was and used.

    Attributes:
        priority: A class of priority, or ``other``: numbers are the user's own, and could be any.
    """

    tenant: str
    priority: str
    tokens: int
    usd: float
    eased: bool


class Metrics:
    """Counts requests, tokens and time. Labels are few and closed: no model names, no keys, so many tenants."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("wire", "mode")
        self._open = Gauge("sparing_open_requests", "Requests being served.", registry=self.registry)
        self._requests = self._counter("sparing_requests", "Requests served, by HTTP status.", (*labels, "status"))
        self._before = self._counter("sparing_tokens_before", "Prompt tokens as they came.", labels)
        self._after = self._counter("sparing_tokens_after", "Prompt tokens after reduction.", labels)
        self._recalled = self._counter("sparing_recalled_tokens", "Given back to models that asked for them.", labels)
        self._turns = self._counter("sparing_extra_turns", "Asked again with what was recalled.", labels)
        self._drifted = self._counter("sparing_drift_alarms", "Content types unlike what was calibrated.", ("content",))
        self._steps = self._histogram("sparing_step_seconds", "Time per verb.", ("step",), _STEP_BUCKETS_S)
        self._first_byte = self._histogram(
            "sparing_first_byte_seconds", "Time to the first byte of an answer.", labels, _ANSWER_BUCKETS_S
        )
        self._tenant_requests = self._counter(
            "sparing_tenant_requests", "Requests by tenant; refused: a limit was reached.", ("tenant", "outcome")
        )
        self._tenant_tokens = self._counter("sparing_tenant_tokens", "Tokens in and out by tenant.", ("tenant",))
        self._tenant_usd = self._counter("sparing_tenant_usd", "Money by tenant, where prices are known.", ("tenant",))
        self._eased = self._counter("sparing_eased_requests", "Made smaller since a limit was near.", ("priority",))
        self._priority_first_byte = self._histogram(
            "sparing_priority_first_byte_seconds",
            "Time to the first byte by priority.",
            ("priority",),
            _ANSWER_BUCKETS_S,
        )
        self._decision = Histogram(
            "sparing_decision_cpu_seconds",
            "CPU of letting a request in: its key, its policy, the decision, its quota set aside and settled.",
            registry=self.registry,
            buckets=_DECISION_BUCKETS_S,
        )
        self._retrievals = self._counter(
            "sparing_retrieval_requests", "Requests that named a store, by what came of it.", ("outcome",)
        )
        self._passages = self._counter("sparing_retrieval_passages", "Passages by how far they came.", ("stage",))
        self._claims = self._counter("sparing_retrieval_claims", "Sentences held to passages.", ("outcome",))
        self._retrieve_s = Histogram(
            "sparing_retrieval_seconds",
            "Time from a question to its passages.",
            registry=self.registry,
            buckets=_STEP_BUCKETS_S,
        )
        self._tenants: set[str] = set()
        self._total = self._histogram("sparing_request_seconds", "Time to the last byte.", labels, _ANSWER_BUCKETS_S)

    def begin(self) -> None:
        """A request has come in."""
        self._open.inc()

    def end(self, wire: str, mode: str, status: int, receipt: Receipt | None) -> None:
        """It has been answered; `receipt` is None where nothing was measured."""
        self._open.dec()
        self._requests(wire, mode, str(status)).inc()
        if receipt is None:
            return
        self._before(wire, mode).inc(receipt.tokens_before)
        self._after(wire, mode).inc(receipt.tokens_after)
        if receipt.extra_turns:
            self._recalled(wire, mode).inc(receipt.recalled_tokens)
            self._turns(wire, mode).inc(receipt.extra_turns)
        self._total(wire, mode).observe(receipt.total_ms / 1000)
        if receipt.first_byte_ms:
            self._first_byte(wire, mode).observe(receipt.first_byte_ms / 1000)
        for step, spent_ms in receipt.step_ms.items():
            self._steps(step).observe(spent_ms / 1000)

    def admitted(self, about: Admitted, status: int, first_byte_s: float, cpu_s: float) -> None:
        """A request that had to be let in is over.

        Args:
            cpu_s: Of letting it in, and of settling what it used.
        """
        self._decision.observe(cpu_s)
        tenant = self._labelled(about.tenant)
        outcome = "refused" if status == 429 else "answered" if 0 < status < 400 else "failed"
        self._tenant_requests(tenant, outcome).inc()
        self._tenant_tokens(tenant).inc(about.tokens)
        self._tenant_usd(tenant).inc(about.usd)
        if about.eased:
            self._eased(about.priority).inc()
        if first_byte_s and outcome == "answered":
            self._priority_first_byte(about.priority).observe(first_byte_s)

    def retrieved(self, line: Retrieval) -> None:
        """A request that named a store is over."""
        self._retrievals(line.outcome).inc()
        self._retrieve_s.observe(line.ms / 1000)
        self._passages("fetched").inc(len(line.passages))
        self._passages("sent").inc(sum(one.sent for one in line.passages))
        self._passages("cited").inc(sum(one.cited for one in line.passages))
        if line.claims >= 0:
            self._claims("borne out").inc(line.claims - line.unsupported)
            self._claims("unsupported").inc(line.unsupported)

    def _labelled(self, tenant: str) -> str:
        """The tenant, or what stands for all those that come after the first `_MOST_TENANTS`."""
        if tenant not in self._tenants:
            if len(self._tenants) >= _MOST_TENANTS:
                return "(others)"
            self._tenants.add(tenant)
        return tenant

    def watch_counter(self, name: str, text: str, read: Callable[[], int]) -> None:
        """Expose a number that someone else counts."""
        self.registry.register(_Watched(name, text, read))

    def drifted(self, content: str) -> None:
        """Texts of this type no longer look like those that were calibrated."""
        self._drifted(content).inc()

    def watch_gauges(self, name: str, text: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Expose numbers that someone else keeps, by a label of few values."""
        self.registry.register(_WatchedGauges(name, text, label, read))

    def exposition(self) -> bytes:
        """Prometheus text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, labels: tuple[str, ...]) -> Callable[..., Counter]:
        # Looking a child up by its labels takes longer than counting; there are only a handful.
        return cache(Counter(name, text, labels, registry=self.registry).labels)

    def _histogram(
        self, name: str, text: str, labels: tuple[str, ...], buckets: tuple[float, ...]
    ) -> Callable[..., Histogram]:
        return cache(Histogram(name, text, labels, registry=self.registry, buckets=buckets).labels)


class _Watched(Collector):
    def __init__(self, name: str, text: str, read: Callable[[], int]) -> None:
        self._name, self._text, self._read = name, text, read

    def collect(self) -> Iterator[CounterMetricFamily]:
        yield CounterMetricFamily(self._name, self._text, value=self._read())


class _WatchedGauges(Collector):
    def __init__(self, name: str, text: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        self._name, self._text, self._label, self._read = name, text, label, read

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._name, self._text, labels=(self._label,))
        for value, number in self._read().items():
            family.add_metric((value,), number)
        yield family
