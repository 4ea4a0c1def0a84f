"""From a name to a report: draw the samples, run every method at every budget, summarise.

`main` is what the command line and `benchmarks/` call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sparing import registry
from sparing.errors import SettingsError
from sparing.evals import tables
from sparing.evals.data import data_dir, provenance
from sparing.evals.measure import Outcome, run_method
from sparing.evals.method import Method
from sparing.evals.methods import find
from sparing.evals.progress import Progress, track
from sparing.evals.report import Report
from sparing.evals.splits import Split
from sparing.evals.summary import summarise
from sparing.evals.task import AnyTask, Bench, Draw, Sample, Task


def names() -> tuple[str, ...]:
    """Evaluations that can be run; some take an option after a colon, for example ``xquad:de``."""
    return registry.names("tasks")


def default_methods(name: str) -> tuple[str, ...]:
    """Methods that `main` runs when none are given."""
    task, _ = _task(name)
    return task.methods


def main(
    name: str,
    data: str | Path | None = None,
    n: int | None = None,
    seed: int = 0,
    budgets: Sequence[float | None] | None = None,
    methods: Sequence[str] | None = None,
    out: str | Path | None = None,
    split: Split | None = None,
    minutes: float | None = None,
) -> Report:
    """Run one evaluation.

    Args:
        name: One of `names`, with an option where the task takes one: ``xquad:de``, ``loghub:500``.
        data: Root of the data sets; default: SPARING_DATA, else beside the checkout.
        n: Most samples; default: the task's own.
        budgets: Shares of the tokens to keep, 0..1, None for the method's own choice; default: the task's own.
        methods: See `methods.find`; default: the task's own.
        out: Folder for the report as Markdown, JSON and SVG; None writes nothing.
        split: Only samples of groups in this part of the data (see `splits`); None: all.
        minutes: See `Draw`.
    Raises:
        SettingsError: Unknown task or method, a budget out of range, or no data (says where to get them).
    """
    task, option = _task(name)
    draw = Draw(data_dir(data), n if n is not None else task.n, seed, option, split, minutes)
    if draw.n < 1:
        raise SettingsError(f"cannot evaluate on {draw.n} samples", hint="n is at least 1")
    if split is not None and not task.splits:
        raise SettingsError(f"{task.name} has no splits", hint=f"those that have: {', '.join(_with_splits())}")
    if isinstance(task, Bench):
        report = task.measure(draw, tuple(methods or ()))
    else:
        report = evaluate(task, draw, find(methods or task.methods, task.part), _checked(budgets or task.budgets), name)
    if out is not None:
        report.save(out)
    return report


def evaluate(
    task: Task[Any], draw: Draw, methods: Sequence[Method], budgets: Sequence[float | None], name: str = ""
) -> Report:
    """Run these methods over samples of `task`; methods that cannot run are named in the notes."""
    samples = task.load(draw)
    if not samples:
        raise SettingsError(f"{name or task.name} has no samples", hint="check the option and the data files")
    present = [method for method in methods if not method.missing]
    steps = len(samples) * sum(len(_budgets_of(method, budgets)) for method in present)
    outcomes: list[Outcome] = []
    with track(task.name, steps) as progress:
        for method in present:
            outcomes.extend(_outcomes(task, samples, method, budgets, progress))
    missing = [f"{method.name}: not run, {method.missing}." for method in methods if method.missing]
    return _report(task, draw, outcomes, missing, name or task.name)


def _outcomes(
    task: Task[Any],
    samples: Sequence[Sample[Any]],
    method: Method,
    budgets: Sequence[float | None],
    progress: Progress,
) -> Iterator[Outcome]:
    try:
        for budget in _budgets_of(method, budgets):
            progress.show(f"{method.name} {'own budget' if budget is None else f'{100 * budget:g} %'}")
            yield run_method(task, samples, method, budget, progress.step)
    finally:
        if method.close is not None:
            method.close()


def _budgets_of(method: Method, budgets: Sequence[float | None]) -> list[float | None]:
    """The budgets that mean something to a method; one that takes none runs once at its own choice."""
    if not method.takes_budget:
        return [None]
    return [budget for budget in budgets if budget is not None or method.chooses]


def _report(task: Task[Any], draw: Draw, outcomes: Sequence[Outcome], missing: list[str], name: str) -> Report:
    points = summarise(task, outcomes, draw.seed)
    made = [tables.result_table(task, points)] if points else []
    if points and task.floors:
        made.append(tables.floor_table(task, points))
    if any(point.groups for point in points):
        made.append(tables.group_table(task, points))
    size = len(outcomes[0].results) if outcomes else 0
    part = f", groups of the {draw.split} split" if draw.split else ""
    notes = [f"n = {size}, seed {draw.seed}{part}; tokens are o200k, markers counted.", *missing]
    if task.source is not None:
        notes.append(provenance(task.source, draw.data_dir))
    notes.extend(
        dict.fromkeys(f"{p.method}: {p.errors} of {p.n} raised, first: {p.first_error}" for p in points if p.errors)
    )
    row = f" (scoreboard row {task.row})" if task.row else ""
    return Report(
        name=name,
        title=f"{task.title}{row}",
        tables=tuple(made),
        charts=(tables.curve(task, points),) if points else (),
        notes=tuple(notes),
        data={
            "task": task.name,
            "row": task.row,
            "metric": task.metric,
            "n": size,
            "seed": draw.seed,
            "split": draw.split,
            "points": [point.as_json() for point in points],
        },
    )


def _with_splits() -> list[str]:
    tasks = [(name, registry.load("tasks", name)) for name in names()]
    return [name for name, task in tasks if task.splits]


def _task(name: str) -> tuple[AnyTask, str]:
    base, _, option = name.partition(":")
    task: AnyTask = registry.load("tasks", base)
    return task, option


def _checked(budgets: Sequence[float | None]) -> Sequence[float | None]:
    for budget in budgets:
        if budget is not None and not 0 < budget <= 1:
            raise SettingsError(f"a budget of {budget:g} is not a share of the tokens", hint="0 < budget <= 1")
    return budgets
