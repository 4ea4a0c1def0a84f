"""What each tier keeps on test groups, at each budget, with intervals; and what it costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sparing.evals.stats import estimate
from sparing.evals.task import Tally
from sparing.select.training.contexts import Context
from sparing.select.training.scorers import Scorer

BUDGETS = (0.25, 0.10, 0.05)


@dataclass
class Outcome:
    """Of one scorer on one set of contexts."""

    kept: dict[float, list[Tally]] = field(default_factory=lambda: {budget: [] for budget in BUDGETS})
    cpu_s: float = 0.0
    tokens: int = 0

    def row(self) -> dict[str, Any]:
        """Percent kept with its 95 % interval per budget, and CPU milliseconds per 3,000 tokens of text."""
        shares = {}
        for budget, tallies in self.kept.items():
            found = estimate(tallies)
            shares[f"{budget:.2f}"] = [round(100 * value, 1) for value in (found.mean, found.low, found.high)]
        return {"kept": shares, "cpu_ms_per_3k_tokens": round(3e6 * self.cpu_s / max(1, self.tokens), 1)}


def measure(
    contexts: Sequence[Context], scorers: Mapping[str, Scorer], remembered_s: Callable[[], float]
) -> dict[str, Any]:
    """One row per scorer over the same contexts.

    Args:
        remembered_s: CPU seconds so far that were spared by remembering what another scorer had read; they count.
    """
    outcomes = {name: Outcome() for name in scorers}
    for context in contexts:
        for name, scorer in scorers.items():
            started = time.process_time() + remembered_s()
            scores = scorer(context)
            outcomes[name].cpu_s += time.process_time() + remembered_s() - started
            outcomes[name].tokens += sum(map(sum, context.tokens))
            for budget in BUDGETS:
                outcomes[name].kept[budget].append(Tally(context.kept(scores, budget)))
    return {name: outcome.row() for name, outcome in outcomes.items()}


def table(results: Mapping[str, Mapping[str, Any]], say: Callable[[str], None]) -> None:
    """The results as lines of text."""
    for contexts, rows in results.items():
        say(f"{contexts}: kept at " + " / ".join(f"{budget:.0%}" for budget in BUDGETS))
        for name, row in rows.items():
            cells = [f"{mean:5.1f} [{low:.1f}, {high:.1f}]" for mean, low, high in row["kept"].values()]
            say(f"  {name:24s} {'  '.join(cells)}  {row['cpu_ms_per_3k_tokens']:7.1f} ms/3k")
