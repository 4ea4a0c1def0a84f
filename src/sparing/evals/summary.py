"""Outcomes -> numbers: one point per method and budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sparing.evals.measure import Outcome
from sparing.evals.stats import Estimate, difference, estimate
from sparing.evals.task import Task


@dataclass(frozen=True, slots=True)
class Point:
    """One method at one budget.

    Attributes:
        budget: Share of the tokens it may keep, None when it chose itself.
        kept: Tokens after / tokens before, pooled.
        metrics: By name, with intervals.
        delta: Headline metric minus the reference's at the same budget, paired; None for the reference itself.
        over: Outputs above the budget.
        declined: Samples on which nothing was saved.
        errors: Samples on which the method raised; `first_error` says what.
        cpu_ms_per_1k: CPU milliseconds per 1,000 tokens of input.
        worst: Ids of the samples with the lowest score below 1, at most five.
    """

    method: str
    budget: float | None
    n: int
    kept: Estimate
    metrics: dict[str, Estimate]
    delta: Estimate | None
    over: int
    declined: int
    errors: int
    first_error: str
    cpu_ms_per_1k: float
    worst: tuple[str, ...]
    groups: dict[str, dict[str, Estimate]]

    def meets(self, floors: dict[str, float]) -> bool:
        """Whether every metric with a floor reaches it."""
        return all(self.metrics[name].mean >= floor for name, floor in floors.items())

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def summarise(task: Task[Any], outcomes: Sequence[Outcome], seed: int) -> list[Point]:
    """A point per outcome, in order."""
    reference = {o.budget: o for o in outcomes if o.method == task.reference}
    return [_point(task, outcome, reference.get(outcome.budget), seed) for outcome in outcomes]


def _point(task: Task[Any], outcome: Outcome, reference: Outcome | None, seed: int) -> Point:
    results = outcome.results
    names = list(results[0].tallies)
    comparable = reference is not None and reference is not outcome
    tokens = sum(r.tokens_before for r in results)
    return Point(
        method=outcome.method,
        budget=outcome.budget,
        n=len(results),
        kept=estimate(outcome.sizes(), seed),
        metrics={name: estimate(outcome.tallies(name), seed) for name in names},
        delta=difference(outcome.tallies(task.metric), reference.tallies(task.metric), seed)
        if comparable and reference is not None
        else None,
        over=sum(r.over for r in results),
        declined=sum(r.declined for r in results),
        errors=sum(bool(r.error) for r in results),
        first_error=next((r.error for r in results if r.error), ""),
        cpu_ms_per_1k=1e6 * sum(r.cpu_s for r in results) / max(1, tokens),
        worst=_worst(task, outcome),
        groups=_groups(task, outcome, seed),
    )


def _worst(task: Task[Any], outcome: Outcome) -> tuple[str, ...]:
    lost = [(r.tallies[task.metric].share, r.sample) for r in outcome.results if r.tallies[task.metric].share < 1]
    return tuple(sample for _, sample in sorted(lost)[:5])


def _groups(task: Task[Any], outcome: Outcome, seed: int) -> dict[str, dict[str, Estimate]]:
    """Kept and the headline metric per group, when there is more than one."""
    names = dict.fromkeys(r.group for r in outcome.results)
    if len(names) < 2:
        return {}
    parts = {name: Outcome("", None, tuple(r for r in outcome.results if r.group == name)) for name in names}
    return {
        name: {
            "kept": estimate(part.sizes(), seed),
            task.metric: estimate(part.tallies(task.metric), seed),
        }
        for name, part in parts.items()
    }
