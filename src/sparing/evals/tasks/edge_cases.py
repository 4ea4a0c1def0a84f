"""Edge cases: does all that decides an answer survive together? See `evals.edge_cases`.

A case counts when every string that must survive is visible; a rule without its exception is a half-truth and counts as
lost. The budget is about twice what has to survive, so half of it may be spent on what looks alike. Intervals are over
kernels, since the variations of one kernel succeed and fail together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sparing.errors import SettingsError
from sparing.evals.edge_cases import Case, make_all
from sparing.evals.literal import visible
from sparing.evals.measure import Outcome, Result, run_method
from sparing.evals.method import Method
from sparing.evals.methods import find
from sparing.evals.progress import track
from sparing.evals.report import Report, Table
from sparing.evals.stats import Estimate, estimate
from sparing.evals.task import Bench, Draw, Sample, Tally, Task

_METHODS = ("sparing", "bm25", "head", "random")
_MARK = re.compile(r"\[…[^\]\n]*\]|… \d+ \w+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_HALVES = {"development": False, "held-out": True}


@dataclass(frozen=True, slots=True)
class _Run:
    """One method over all cases, each at its own budget."""

    method: str
    results: tuple[tuple[Case, Result], ...]

    def all_kept(self, of: Callable[[Case], bool] = lambda _: True) -> Estimate:
        return estimate(self._by_kernel("all_kept", of))

    def total(self, metric: str) -> float:
        return sum(result.tallies[metric].got for _, result in self.results)

    def _by_kernel(self, metric: str, of: Callable[[Case], bool]) -> list[Tally]:
        sums: dict[str, Tally] = {}
        for case, result in self.results:
            if of(case):
                name = case.id.rpartition("-")[0]
                old, new = sums.get(name, Tally(0, 0)), result.tallies[metric]
                sums[name] = Tally(old.got + new.got, old.of + new.of)
        return list(sums.values())


def load(draw: Draw) -> list[Sample[Case]]:
    """The first n cases; the option names a group or a half (``development``, ``held-out``)."""
    cases = list(make_all(draw.seed))
    if draw.option:
        cases = [case for case in cases if draw.option in (case.group, _half(case))]
    return [Sample(case.id, case.text, case.question, case, case.group) for case in cases[: draw.n]]


def score(sample: Sample[Case], output: str) -> dict[str, Tally]:
    """Whether all survives, how much does, whether only a part does, and how many numbers the source does not have."""
    seen = sum(visible(output, literal) for literal in sample.gold.must)
    of = len(sample.gold.must)
    return {
        "all_kept": Tally(float(seen == of)),
        "strings": Tally(seen, of),
        "half_truths": Tally(float(0 < seen < of), 0),
        "altered": Tally(len(altered(sample.text, output)), 0),
    }


def altered(source: str, output: str) -> list[str]:
    """Numbers of the output that the source does not have; those in marks of what is left out count elements."""
    return sorted(set(_NUMBER.findall(_MARK.sub(" ", output))) - set(_NUMBER.findall(source)))


_TASK = Task("edge_cases", 0, "Edge cases", "all_kept", (), 1_000, load, score)


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """All cases by all methods asked for."""
    samples = load(draw)
    if not samples:
        groups = sorted({case.group for case in make_all(draw.seed)})
        raise SettingsError(f"no edge case is of {draw.option!r}", hint=f"known: {', '.join([*_HALVES, *groups])}")
    methods = find(names or _METHODS)
    present = [method for method in methods if not method.missing]
    with track(_TASK.name, len(samples) * len(present)) as progress:
        runs = [_run(method, samples, progress.step) for method in present]
    cases = [sample.gold for sample in samples]
    notes = [
        f"{len(cases)} cases of {len({case.id.rpartition('-')[0] for case in cases})} kernels, seed {draw.seed}; 95 % "
        "intervals over kernels; tokens are o200k, markers counted.",
        "A case is kept when all that must survive is visible; a half-truth has some of it.",
        *(f"{method.name}: not run, {method.missing}." for method in methods if method.missing),
    ]
    tables = (_totals(runs), _shares("cases", _parts(cases), runs), _shares("group", _groups(cases), runs))
    name = f"{_TASK.name}:{draw.option}" if draw.option else _TASK.name
    data = {"n": len(cases), "seed": draw.seed, "methods": {run.method: _as_json(run, cases) for run in runs}}
    return Report(name, _TASK.title, tables, (), tuple(notes), data)


def _run(method: Method, samples: Sequence[Sample[Case]], step: Callable[[], None]) -> _Run:
    """Methods that take no budget choose a size themselves."""
    try:
        outcomes: list[Outcome] = [
            run_method(_TASK, [sample], method, sample.gold.budget if method.takes_budget else None, step)
            for sample in samples
        ]
    finally:
        if method.close is not None:
            method.close()
    return _Run(method.name, tuple((s.gold, o.results[0]) for s, o in zip(samples, outcomes, strict=True)))


def _totals(runs: Iterable[_Run]) -> Table:
    columns = ("method", "kept", "all kept (95 % CI)", "half-truths", "altered", "over", "errors", "CPU ms / 1k tok")
    return Table("", columns, tuple(_total(run) for run in runs))


def _total(run: _Run) -> tuple[str, ...]:
    results = [result for _, result in run.results]
    before, after = sum(r.tokens_before for r in results), sum(r.tokens_after for r in results)
    return (
        run.method,
        f"{100 * after / before:.1f} %",
        _with_interval(run.all_kept()),
        f"{run.total('half_truths'):.0f}",
        f"{run.total('altered'):.0f}",
        str(sum(r.over for r in results)),
        str(sum(bool(r.error) for r in results)),
        f"{1e6 * sum(r.cpu_s for r in results) / before:.2f}",
    )


def _shares(title: str, parts: dict[str, Callable[[Case], bool]], runs: Sequence[_Run]) -> Table:
    rows = [(name, *(_with_interval(run.all_kept(of)) for run in runs)) for name, of in parts.items()]
    return Table(f"All kept (95 % CI), by {title}", (title, *(run.method for run in runs)), tuple(rows))


def _parts(cases: Sequence[Case]) -> dict[str, Callable[[Case], bool]]:
    parts: dict[str, Callable[[Case], bool]] = {
        half: lambda case, half=half: _half(case) == half  # type: ignore[misc]
        for half in _HALVES
    }
    for budget in sorted({case.budget for case in cases if case.question}, reverse=True):
        parts[f"asked, {100 * budget:.0f} %"] = lambda case, b=budget: bool(case.question) and case.budget == b  # type: ignore[misc]
    parts["nobody asks"] = lambda case: not case.question
    return {name: of for name, of in parts.items() if any(map(of, cases))}


def _groups(cases: Sequence[Case]) -> dict[str, Callable[[Case], bool]]:
    names = dict.fromkeys(case.group for case in cases)
    return {name: lambda case, name=name: case.group == name for name in names}  # type: ignore[misc]


def _as_json(run: _Run, cases: Sequence[Case]) -> dict[str, object]:
    groups = {**_parts(cases), **_groups(cases)}
    kept = {"all": run.all_kept()} | {name: run.all_kept(of) for name, of in groups.items()}
    return {
        "all_kept": {name: [e.mean, e.low, e.high, e.of] for name, e in kept.items()},
        "half_truths": run.total("half_truths"),
        "altered": run.total("altered"),
        "lost": [case.id for case, result in run.results if result.tallies["all_kept"].got < 1 and not case.held_out],
    }


def _half(case: Case) -> str:
    return "held-out" if case.held_out else "development"


def _with_interval(e: Estimate) -> str:
    return f"{100 * e.mean:.1f} ({100 * e.low:.1f}..{100 * e.high:.1f}) {e.got:.0f}/{e.of:.0f}"


BENCH = Bench(_TASK.name, _TASK.row, _TASK.title, _TASK.n, measure, (*_METHODS, "tail", "peers"))
