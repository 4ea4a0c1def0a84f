"""Prometheus metrics of one gateway, in a registry of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from sparing.core.receipt import Receipt

CONTENT_TYPE = CONTENT_TYPE_LATEST

_STEP_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_ANSWER_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """Counts requests, tokens and time. Labels are few and closed: no model names, no callers."""

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
