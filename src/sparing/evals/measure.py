"""Running one method over the samples of a task at one budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sparing.evals.method import Method
from sparing.evals.task import Sample, Tally, Task
from sparing.evals.units import cut_to, o200k


@dataclass(frozen=True, slots=True)
class Result:
    """What one method did to one sample.

    Attributes:
        over: The output had more tokens than the budget; it was scored after being cut to the budget.
        error: What the method raised, "" if nothing; the unreduced text stands in.
        tokens_after: Exact o200k count of the whole output, markers included, before any cut.
    """

    sample: str
    group: str
    tokens_before: int
    tokens_after: int
    tallies: dict[str, Tally]
    cpu_s: float
    over: bool = False
    error: str = ""

    @property
    def declined(self) -> bool:
        """Nothing was saved."""
        return self.tokens_after >= self.tokens_before


@dataclass(frozen=True, slots=True)
class Outcome:
    """One method at one budget over all samples, in their order.

    Attributes:
        budget: Share of the tokens it may keep; None when the method chose.
    """

    method: str
    budget: float | None
    results: tuple[Result, ...]

    def tallies(self, metric: str) -> list[Tally]:
        return [result.tallies[metric] for result in self.results]

    def sizes(self) -> list[Tally]:
        """Tokens after over tokens before, to be pooled."""
        return [Tally(r.tokens_after, r.tokens_before) for r in self.results]


def run_method(
    task: Task[Any],
    samples: Sequence[Sample[Any]],
    method: Method,
    budget: float | None,
    step: Callable[[], None] = lambda: None,
) -> Outcome:
    """Shorten and score every sample; `step` is called after each."""
    results = []
    for sample in samples:
        results.append(_one(task, sample, method, budget))
        step()
    return Outcome(method.name, budget, tuple(results))


def _one(task: Task[Any], sample: Sample[Any], method: Method, budget: float | None) -> Result:
    before = o200k().count(sample.text)
    allowed = None if budget is None else int(before * budget)
    output, cpu_s, error = _shorten(method, sample, allowed)
    after = o200k().count(output)
    over = allowed is not None and method.takes_budget and after > allowed
    seen = cut_to(output, allowed) if over and allowed is not None else output
    tallies = dict(task.score(sample, seen))
    return Result(sample.id, sample.group, before, after, tallies, cpu_s, over, error)


def _shorten(method: Method, sample: Sample[Any], allowed: int | None) -> tuple[str, float, str]:
    clock = method.cpu_s or time.process_time
    started = clock()
    try:
        output, error = method(sample.text, sample.question, allowed), ""
    except Exception as problem:  # a method that fails is a result: the application would send the text as it is
        output, error = sample.text, f"{type(problem).__name__}: {problem}"
    return output, clock() - started, error
