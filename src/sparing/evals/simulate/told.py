"""A simulation as a report with plots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sparing.evals.report import Report, Table
from sparing.evals.simulate.outcome import Outcome
from sparing.evals.svg import Chart, Series, Spot

Ways = Mapping[str, Sequence[Outcome]]  # one outcome for each class of traffic, and one for all
COLUMNS = ("traffic", "", "requests", "refused", "in time", "first token p50 / p95 / p99", "USD", "loss", "by")


def told(name: str, ways: Ways, notes: Sequence[str], data: Mapping[str, Any]) -> Report:
    """Every way beside the others.

    Args:
        name: Of the scenario.
        data: Everything in numbers.
    """
    return Report(
        f"simulate:{name}",
        "One trace, served three ways",
        (Table("", COLUMNS, tuple(rows(ways))),),
        (
            _chart("In time", "%", ways, lambda one: None if one.in_time is None else 100 * one.in_time),
            _chart("First token, 95 of 100 are sooner", "seconds", ways, lambda one: one.first_token_s[1]),
            _chart("Money", "USD", ways, lambda one: one.usd),
        ),
        tuple(notes),
        data,
    )


def rows(ways: Ways) -> list[tuple[str, ...]]:
    """Cells under `COLUMNS`: each class, every way."""
    names = [one.name for one in next(iter(ways.values()))]
    return [
        ("" if row else name, way, *_cells(some[at]))
        for at, name in enumerate(names)
        for row, (way, some) in enumerate(ways.items())
    ]


def _chart(title: str, unit: str, ways: Ways, value: Callable[[Outcome], float | None]) -> Chart:
    """Bars, for the classes that have such a value."""
    groups = [one.name for one in next(iter(ways.values())) if value(one) is not None]
    series = []
    for way, some in ways.items():
        found = [(groups.index(one.name), number) for one in some if (number := value(one)) is not None]
        series.append(Series(way, tuple(Spot(at, number, number, number) for at, number in found)))
    return Chart(title, "", unit, tuple(series), groups=tuple(groups))


def _cells(one: Outcome) -> tuple[str, ...]:
    return (
        f"{one.num:,}",
        f"{one.refused:,}",
        "" if one.in_time is None else f"{one.in_time:.1%}",
        " / ".join(f"{s:.1f} s" for s in one.first_token_s),
        f"{one.usd:.2f}",
        f"{one.loss:.2%}",
        "; ".join(", ".join(f"{name} {num:,}" for name, num in some) for some in _shares(one) if some),
    )


def _shares(one: Outcome) -> tuple[Sequence[tuple[str, int]], ...]:
    """Who answered how many, and how much was thought about them."""
    return sorted(one.by_upstream.items()), sorted(one.by_depth.items())
