"""Rows 1 to 4 and 7 on test groups: every way of choosing units beside every other, with what it costs, in one table.

Groups (articles, meetings, reports) whose questions nothing was trained on; see `evals.splits`. CPU time is that of the
first task, whose texts have about 3,000 tokens; memory is the most that a process of its own took for a few of its
texts, beside what one with BM25 took; of a peer, all of its own process. The option ``slow`` runs the first task alone
at one budget, with the methods beside that take seconds to minutes for a text.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sparing import registry
from sparing.errors import SettingsError
from sparing.evals.method import Method
from sparing.evals.methods import find
from sparing.evals.peers import PEERS
from sparing.evals.report import Report, Table
from sparing.evals.run import evaluate
from sparing.evals.svg import Chart
from sparing.evals.task import Bench, Draw, Task

_TASKS: tuple[tuple[str, str, tuple[float, ...]], ...] = (
    ("nq", "", (0.25, 0.10, 0.05)),
    ("xquad", "", (0.25, 0.10, 0.05)),
    ("xquad", "all", (0.10,)),
    ("qmsum", "", (0.25, 0.10)),
    ("tatqa", "", (0.25,)),
    ("gsm8k", "", (0.25,)),
)
METHODS = ("sparing", "sparing_static", "sparing_rules", "minilm_hybrid", "bm25", "headroom_text", "llmslim")
SLOW = ("minilm_hybrid", "llmlingua", "longllmlingua")
_OF_SLOW = 20  # texts of those that take seconds to minutes for one
_ALL_SLOW: tuple[tuple[str, str, tuple[float, ...]], ...] = (("nq", "", (0.25,)),)
# What `resource` tells of a child begins with its parent's; the kernel's own mark is the process's.
_MEASURE = """
import re, sys
from pathlib import Path
from sparing.evals.run import main
main("nq", data=sys.argv[1], n=3, methods=[sys.argv[2]])
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""
_KB_PER_MB = 1024


@dataclass(frozen=True, slots=True)
class Column:
    """One task at one budget."""

    task: str
    budget: float

    @property
    def title(self) -> str:
        return f"{self.task} at {100 * self.budget:g} %"


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """Run the methods asked for on the test groups of every task; the slow ones on some texts of the first alone.

    The LLMLinguas, which take half a minute for a text, run only when they are named, or with the option.

    Raises:
        SettingsError: An unknown option.
    """
    if draw.option not in ("", "slow"):
        raise SettingsError(f"no option is called {draw.option!r}", hint="known: slow")
    methods = find(names or ((*METHODS, *SLOW) if draw.option else METHODS))
    points: dict[tuple[str, Column], Mapping[str, Any]] = {}
    charts: list[Chart] = []
    notes: list[str] = []
    for name, option, budgets in _ALL_SLOW if draw.option else _TASKS:
        task: Task[Any] = registry.load("tasks", name)
        title = f"{name}:{option}" if option else name
        found = _reports(task, replace(draw, option=option, split="test" if task.splits else None), methods, budgets)
        for report in found:
            for point in report.data["points"]:
                points[point["method"], Column(title, point["budget"] or 0.0)] = {**point, "metric": task.metric}
            notes += [f"{title}: {note}" for note in report.notes]
        charts += found[0].charts if len(budgets) > 1 else ()
    memory = {method.name: _memory_mb(method, draw) for method in methods if not method.missing}
    return _report(f"select:{draw.option}" if draw.option else "select", points, memory, charts, notes)


def _reports(task: Task[Any], draw: Draw, methods: Sequence[Method], budgets: Sequence[float]) -> list[Report]:
    """One report of the methods, and one of the slow ones on fewer texts."""
    fast = [method for method in methods if method.name not in SLOW]
    slow = [method for method in methods if method.name in SLOW and task.name == "nq"]
    found = [evaluate(task, draw, fast, budgets)] if fast else []
    return found + ([evaluate(task, replace(draw, n=min(draw.n, _OF_SLOW)), slow, budgets)] if slow else [])


def _memory_mb(method: Method, draw: Draw) -> float:
    """Most resident memory of a process that shortens a few texts; a peer's process told its own."""
    if method.rss_mb is not None:
        return method.rss_mb()
    command = [sys.executable, "-c", _MEASURE, str(draw.data_dir), method.name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(done.stdout.split()[-1]) / _KB_PER_MB if not done.returncode else float("nan")


def _report(
    name: str,
    points: Mapping[tuple[str, Column], Mapping[str, Any]],
    memory_mb: Mapping[str, float],
    charts: Sequence[Chart],
    notes: Sequence[str],
) -> Report:
    columns = list(dict.fromkeys(column for _, column in points))
    methods = list(dict.fromkeys(method for method, _ in points))
    floor_mb = memory_mb.get("bm25", 0.0)
    rows = tuple(
        (
            method,
            *(_kept(points.get((method, column))) for column in columns),
            _cpu(points, method),
            _memory(method, memory_mb, floor_mb),
        )
        for method in methods
    )
    heads = (
        "method",
        *(column.title for column in columns),
        "CPU ms / 3k tokens",
        "RSS, MB beside bm25, a peer's in all",
    )
    return Report(
        name,
        "Choosing what a question needs, on test groups (scoreboard rows 1 to 4 and 7)",
        (Table("Evidence kept, % (95 % CI), n where it is another than the row's", heads, rows),),
        tuple(charts),
        tuple(dict.fromkeys(notes)),
        {
            "points": [{**point, "method": method, "task": column.task} for (method, column), point in points.items()],
            "memory_mb": dict(memory_mb),
        },
    )


def _memory(method: str, memory_mb: Mapping[str, float], floor_mb: float) -> str:
    if method not in memory_mb:
        return ""
    return f"{memory_mb[method]:.0f} in all" if method in PEERS else f"{memory_mb[method] - floor_mb:+.0f}"


def _kept(point: Mapping[str, Any] | None) -> str:
    if point is None:
        return ""
    kept = point["metrics"][point["metric"]]
    return f"{100 * kept['mean']:.1f} ({100 * kept['low']:.0f}..{100 * kept['high']:.0f}), n {point['n']}"


def _cpu(points: Mapping[tuple[str, Column], Mapping[str, Any]], method: str) -> str:
    found = [point for (name, column), point in points.items() if name == method and column.task == "nq"]
    return f"{3 * sum(point['cpu_ms_per_1k'] for point in found) / len(found):,.0f}" if found else ""


BENCH = Bench("select", 1, "Choosing what a question needs", 250, measure, (*METHODS, *SLOW))
