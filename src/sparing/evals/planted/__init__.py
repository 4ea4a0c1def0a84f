"""Made-up tool outputs with planted facts: rows, logs, prose, code, several languages. Seeded, no I/O."""

from __future__ import annotations

import random
from collections.abc import Callable

from sparing.evals.planted import code, languages, logs, prose, rows
from sparing.evals.planted.nouns import Asked, ToolOutput

__all__ = ["MAKERS", "Asked", "ToolOutput", "make_all"]

MAKERS: tuple[Callable[[random.Random], ToolOutput], ...] = (
    rows.orders,
    rows.users,
    rows.events,
    rows.hosts,
    rows.invoices,
    logs.build,
    logs.maintenance,
    logs.pytest_run,
    logs.pods,
    logs.grep_hits,
    logs.diff,
    prose.minutes,
    prose.policy,
    prose.handbook,
    prose.page,
    code.source_file,
    code.config,
    languages.chinese_tickets,
    languages.arabic_orders,
    languages.spanish_notice,
    languages.german_log,
    languages.hindi_list,
)


def make_all(seed: int) -> list[ToolOutput]:
    """One output per maker. The same seed gives the same outputs, whichever of them are used."""
    return [make(random.Random(f"{seed} {make.__name__}")) for make in MAKERS]
