"""Metrics in Prometheus' text format."""

from __future__ import annotations

from sparing.core.receipt import Receipt
from sparing.record.metrics import Metrics


def test_a_request_is_counted() -> None:
    """Requests, tokens, steps and times each get their series."""
    receipt = Receipt(
        id="1", created_s=1.0, wire="w", model="m", mode="on", tokens_before=30, tokens_after=10, exact=True,
        reason="", spans=(), step_ms={"plan": 2.0}, total_ms=20.0, first_byte_ms=10.0, recalled_tokens=5, extra_turns=2,
    )  # fmt: skip
    metrics = Metrics()
    metrics.begin()
    metrics.begin()
    metrics.end("w", "on", 200, receipt)
    text = metrics.exposition().decode()
    for line in (
        "sparing_open_requests 1.0",
        'sparing_requests_total{mode="on",status="200",wire="w"} 1.0',
        'sparing_tokens_before_total{mode="on",wire="w"} 30.0',
        'sparing_tokens_after_total{mode="on",wire="w"} 10.0',
        'sparing_recalled_tokens_total{mode="on",wire="w"} 5.0',
        'sparing_extra_turns_total{mode="on",wire="w"} 2.0',
        'sparing_step_seconds_sum{step="plan"} 0.002',
        'sparing_first_byte_seconds_sum{mode="on",wire="w"} 0.01',
        'sparing_request_seconds_count{mode="on",wire="w"} 1.0',
    ):
        assert line in text.splitlines()


def test_a_number_that_someone_else_counts() -> None:
    """It is read when it is asked for."""
    seen = [0]
    metrics = Metrics()
    metrics.watch_counter("sparing_drops", "Drops.", lambda: seen[0])
    seen[0] = 7
    assert "sparing_drops_total 7.0" in metrics.exposition().decode().splitlines()
