"""Row 15: what the gateway adds to a streamed answer (`evals.load.gateway_cost`), as a report."""

from __future__ import annotations

from typing import Any

from sparing.evals.load.gateway_cost import figures
from sparing.evals.report import Report, Table
from sparing.evals.svg import Chart, Series, Spot
from sparing.evals.task import Bench, Draw

_WAYS = ("direct", "off", "on")


def measure(draw: Draw, _names: tuple[str, ...]) -> Report:
    """Start a stub provider and a gateway and measure them; n below 4 sends a quarter of the requests."""
    return report(figures(quick=draw.n < 4))


def report(found: dict[str, Any]) -> Report:
    """The figures of one run as tables and a chart."""
    loads, first = found["cpu"], found["first_byte_ms"]
    cpu = tuple((r["load"], f"{r['off_ms']:.2f}", f"{r['on_ms']:.2f}", f"{r['ratio']:.2f}") for r in loads)
    latency = tuple(
        (
            way,
            f"{first[f'{way}_p50']:.2f}",
            f"{first[f'{way}_p99']:.2f}",
            f"{first[f'{way}_p50'] - first['direct_p50']:.2f}",
        )
        for way in _WAYS
    )
    bars = tuple(
        Series(mode, tuple(Spot(i, r[f"{mode}_ms"], r[f"{mode}_ms"], r[f"{mode}_ms"]) for i, r in enumerate(loads)))
        for mode in ("off", "on")
    )
    return Report(
        "gateway",
        "The gateway: CPU, first byte, memory (scoreboard row 15)",
        (
            Table("CPU ms per 64-chunk answer", ("load", "off", "on", "on / off"), cpu),
            Table("First byte, ms", ("way", "p50", "p99", "added at p50"), latency),
        ),
        (Chart("CPU ms per streamed answer", "", "ms", bars, groups=tuple(row["load"] for row in loads)),),
        (
            f"Reduction itself: {first['reduction_p50']:.2f} ms at p50.",
            f"{found['broken_answers']} of {found['answers']:,} streamed answers not whole or out of order.",
            f"{found['idle_streams']:,} open, silent streams: {found['bytes_per_idle_stream'] / 1000:.1f} kB each.",
        ),
        {"row": 15, **found},
    )


BENCH = Bench("gateway", 15, "The gateway", 1, measure)
