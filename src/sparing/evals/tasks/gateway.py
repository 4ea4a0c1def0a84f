"""Row 15: what the gateway adds to a streamed answer. Runs ``benchmarks/gateway.py`` and reports its figures."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sparing.errors import SettingsError
from sparing.evals.data import project_root
from sparing.evals.report import Report, Table
from sparing.evals.svg import Chart, Series, Spot
from sparing.evals.task import Bench, Draw

_WAYS = ("direct", "off", "on")


def measure(draw: Draw, _names: tuple[str, ...]) -> Report:
    """Start a stub provider and a gateway and measure them; n below 4 sends a quarter of the requests.

    Raises:
        SettingsError: Not a source checkout, or the benchmark failed.
    """
    root = project_root()
    script = root / "benchmarks" / "gateway.py" if root else None
    if script is None or not script.is_file():
        raise SettingsError("benchmarks/gateway.py is only in a source checkout", hint="run it from a clone")
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        command = [sys.executable, str(script), "--json", str(figures), *(["--quick"] if draw.n < 4 else [])]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SettingsError(f"benchmarks/gateway.py failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
        return report(json.loads(figures.read_text()))


def report(figures: dict[str, Any]) -> Report:
    """The figures of one run as tables and a chart."""
    loads, first = figures["cpu"], figures["first_byte_ms"]
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
            f"{figures['broken_answers']} of {figures['answers']:,} streamed answers not whole or out of order.",
            f"{figures['idle_streams']:,} open, silent streams: {figures['bytes_per_idle_stream'] / 1000:.1f} kB each.",
        ),
        {"row": 15, **figures},
    )


BENCH = Bench("gateway", 15, "The gateway", 1, measure)
