"""Every scoreboard row that needs no GPU, Sparing beside the baselines and the peers: tables, plots and one overview.

    python benchmarks/side_by_side.py [--only nq,planted] [--n 100] [--peers-python /path/to/venv/bin/python]

Writes ``<row>.md``, ``.json`` and ``.svg`` per row and ``README.md`` into ``benchmarks/results``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparing.errors import SparingError
from sparing.evals import run

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Row:
    """One run: `n` samples keep the whole set within about five minutes on two cores."""

    name: str
    n: int
    budgets: tuple[float | None, ...] | None = None
    peers: bool = True


ROWS = (
    Row("nq", 150),
    Row("xquad", 150),
    Row("xquad:all", 240, (0.10,), peers=False),
    Row("qmsum", 40),
    Row("tatqa", 150),
    Row("gsm8k", 150),
    Row("select", 250, peers=False),
    Row("locomo", 300, peers=False),
    Row("sgd", 1000, peers=False),
    Row("old_turns", 200, peers=False),
    Row("tau_bench", 300),
    Row("tau_replay", 100, peers=False),
    Row("loghub", 8, peers=False),
    Row("loghub:500", 8),
    Row("bfcl", 100, peers=False),
    Row("planted", 100),
    Row("speed", 3, peers=False),
    Row("prefix", 20),
    Row("money", 20),
    Row("followup", 48, peers=False),
    Row("followup:all", 48, peers=False),
    Row("long_session", 3, peers=False),
    Row("gateway", 1, peers=False),
)


def main() -> int:
    """Run the rows asked for; a row that cannot run is said on stderr and makes the exit status 1."""
    options = _options()
    if options.peers_python:
        os.environ["SPARING_PEERS_PYTHON"] = options.peers_python
    out = Path(options.out)
    status = 0
    for row in ROWS:
        if options.only and row.name not in options.only.split(","):
            continue
        started = time.monotonic()
        try:
            _run(row, options, out)
        except SparingError as error:
            print(f"{row.name}: {error}", file=sys.stderr)
            status = 1
            continue
        print(f"{row.name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    (out / "README.md").write_text(overview(out), encoding="utf-8")
    return status


def overview(out: Path) -> str:
    """The headline numbers of all rows measured so far on one page, a table per row with a line per method."""
    parts = ["# Results\n\nMade by `python benchmarks/side_by_side.py`; see `benchmarks/README.md`."]
    for row in ROWS:
        stem = row.name.replace(":", "-")
        if not (out / f"{stem}.json").is_file():
            continue
        data = json.loads((out / f"{stem}.json").read_text(encoding="utf-8"))
        points = data.get("points")
        parts.append(f"## [{data['title']}]({stem}.md)")
        if points and "metric" in data:
            parts.append(_headline(points, str(data["metric"])))
    return "\n\n".join(parts) + "\n"


def _headline(points: Sequence[dict[str, Any]], metric: str) -> str:
    """Metric (tokens kept) per method and budget, in percent."""
    budgets = list(dict.fromkeys(point["budget"] for point in points))
    named = ["own budget" if b is None else f"at {100 * b:g} %" for b in budgets]
    lines = [f"| {metric}, % (tokens kept, %) | {' | '.join(named)} |", "|---" + "|---:" * len(budgets) + "|"]
    for method in dict.fromkeys(point["method"] for point in points):
        cells = {
            p["budget"]: f"{100 * p['metrics'][metric]['mean']:.1f} ({100 * p['kept']['mean']:.0f})"
            for p in points
            if p["method"] == method
        }
        lines.append(f"| {method} | {' | '.join(cells.get(b, '') for b in budgets)} |")
    return "\n".join(lines)


def _run(row: Row, options: argparse.Namespace, out: Path) -> None:
    methods = None
    if row.peers and os.environ.get("SPARING_PEERS_PYTHON"):
        methods = (*run.default_methods(row.name), "peers")
    run.main(row.name, options.data, options.n or row.n, options.seed, row.budgets, methods, out)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="rows, separated by commas: " + ", ".join(row.name for row in ROWS))
    parser.add_argument("--data", help="root of the data sets (default: SPARING_DATA, else beside the checkout)")
    parser.add_argument("--n", type=int, help="samples per row (default: each row's own)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default=str(HERE / "results"))
    parser.add_argument("--peers-python", help="interpreter that has the peers installed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
