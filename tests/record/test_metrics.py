"""Metrics in Prometheus' text format."""

from __future__ import annotations

from sparing.core.receipt import Receipt
from sparing.record.metrics import Admitted, Metrics


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


def test_what_was_let_in_is_counted_by_tenant_and_priority() -> None:
    """Answered, refused and failed apart; tokens and money by tenant, times by priority."""
    metrics = Metrics()
    metrics.admitted(Admitted("acme", "interactive", 120, 0.5, eased=True), 200, 0.25, 0.00012)
    metrics.admitted(Admitted("acme", "interactive", 0, 0.0, eased=False), 429, 0.1, 0.0)
    metrics.admitted(Admitted("acme", "batch", 0, 0.0, eased=False), 502, 0.0, 0.0)
    text = metrics.exposition().decode()
    for line in (
        'sparing_tenant_requests_total{outcome="answered",tenant="acme"} 1.0',
        'sparing_tenant_requests_total{outcome="refused",tenant="acme"} 1.0',
        'sparing_tenant_requests_total{outcome="failed",tenant="acme"} 1.0',
        'sparing_tenant_tokens_total{tenant="acme"} 120.0',
        'sparing_tenant_usd_total{tenant="acme"} 0.5',
        'sparing_eased_requests_total{priority="interactive"} 1.0',
        'sparing_priority_first_byte_seconds_sum{priority="interactive"} 0.25',
        'sparing_decision_cpu_seconds_bucket{le="0.00015"} 3.0',
        "sparing_decision_cpu_seconds_sum 0.00012",
    ):
        assert line in text.splitlines()


def test_tenants_do_not_grow_the_metrics_without_end() -> None:
    """The first have a series of their own, all others share one."""
    metrics = Metrics()
    for number in range(1000):
        metrics.admitted(Admitted(f"t{number}", "batch", 1, 0.0, eased=False), 200, 0.0, 0.0)
    lines = [
        line for line in metrics.exposition().decode().splitlines() if line.startswith("sparing_tenant_tokens_total")
    ]
    assert len(lines) == 201
    assert 'sparing_tenant_tokens_total{tenant="(others)"} 800.0' in lines
