"""Points -> the report's tables and charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sparing.evals.report import Table
from sparing.evals.stats import Estimate
from sparing.evals.summary import Point
from sparing.evals.svg import Chart, Series, Spot
from sparing.evals.task import Task


def result_table(task: Task[Any], points: Sequence[Point]) -> Table:
    """A line per method and budget."""
    metrics = list(points[0].metrics) if points else []
    first = metrics[:1]
    columns = (
        "method",
        "budget",
        "kept",
        *(f"{name} (95 % CI)" for name in first),
        *metrics[1:],
        "worst tenth",
        f"vs {task.reference} (95 % CI)",
        "over",
        "declined",
        "CPU ms / 1k tok",
    )
    return Table("", columns, tuple(_row(task, point, metrics) for point in points))


def floor_table(task: Task[Any], points: Sequence[Point]) -> Table:
    """The most that each method saves while it meets the floors."""
    needs = " and ".join(f"{name} >= {_percent(floor)}" for name, floor in task.floors.items())
    rows = []
    for method in dict.fromkeys(p.method for p in points):
        good = [p for p in points if p.method == method and p.meets(dict(task.floors))]
        best = min(good, key=lambda p: p.kept.mean, default=None)
        saved = _percent(1 - best.kept.mean) if best else "never"
        rows.append((method, saved, _budget(best.budget) if best else "-"))
    return Table(f"Most saved with {needs}", ("method", "saved", "budget"), tuple(rows))


def group_table(task: Task[Any], points: Sequence[Point]) -> Table:
    """The headline metric by group, a column per method at its first budget; tokens kept in brackets."""
    first = {p.method: p for p in reversed(points) if p.groups}
    chosen = [first[method] for method in dict.fromkeys(p.method for p in points) if method in first]
    rows = [
        (group, *(_with_kept(p.groups[group][task.metric], p.groups[group]["kept"]) for p in chosen))
        for group in chosen[0].groups
    ]
    columns = ("group", *(f"{p.method}, {_budget(p.budget)}" for p in chosen))
    return Table(f"{task.metric} by group (kept), each method at its first budget", columns, tuple(rows))


def curve(task: Task[Any], points: Sequence[Point]) -> Chart:
    """Headline metric against tokens kept, a line per method over its budgets, a ring where it chose itself."""
    series = []
    for method in dict.fromkeys(p.method for p in points):
        own = sorted((p for p in points if p.method == method), key=lambda p: p.kept.mean)
        spots = [
            Spot(100 * p.kept.mean, *_percents(p.metrics[task.metric]), alone=p.budget is None and len(own) > 1)
            for p in own
        ]
        series.append(Series(method, tuple(spots)))
    return Chart(task.title, "tokens kept, %", f"{task.metric.replace('_', ' ')}, %", tuple(series))


def _row(task: Task[Any], point: Point, metrics: Sequence[str]) -> tuple[str, ...]:
    head = [_with_interval(point.metrics[name]) for name in metrics[:1]]
    rest = [_share(point.metrics[name]) for name in metrics[1:]]
    return (
        point.method,
        _budget(point.budget),
        _percent(point.kept.mean),
        *head,
        *rest,
        _percent(point.metrics[task.metric].worst),
        _signed(point.delta) if point.delta else "",
        str(point.over) if point.over else "0",
        f"{point.declined}" + (f" ({point.errors} errors)" if point.errors else ""),
        f"{point.cpu_ms_per_1k:.2f}",
    )


def _budget(budget: float | None) -> str:
    return "own" if budget is None else _percent(budget)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _percents(e: Estimate) -> tuple[float, float, float]:
    return 100 * e.mean, 100 * e.low, 100 * e.high


def _with_interval(e: Estimate) -> str:
    return f"{100 * e.mean:.1f} ({100 * e.low:.1f}..{100 * e.high:.1f}){_counts(e)}"


def _share(e: Estimate) -> str:
    return f"{100 * e.mean:.1f}{_counts(e)}"


def _counts(e: Estimate) -> str:
    return f" {e.got:.0f}/{e.of:.0f}" if e.of and float(e.got).is_integer() else ""


def _with_kept(metric: Estimate, kept: Estimate) -> str:
    return f"{100 * metric.mean:.0f} ({100 * kept.mean:.0f})"


def _signed(e: Estimate) -> str:
    return f"{100 * e.mean:+.1f} ({100 * e.low:+.1f}..{100 * e.high:+.1f})"
