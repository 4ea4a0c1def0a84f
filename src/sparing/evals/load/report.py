"""What loads came to, as tables, charts and notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from sparing.evals.load.measure import Figures, Way
from sparing.evals.report import Report, Table
from sparing.evals.svg import Chart, Series, Spot

_LATENCY: Final = ("load", "way", "answers", "first token p50", "p90", "p99", "event p50", "p90", "p99")
_COST: Final = (
    "load",
    "open at once",
    "CPU ms a request",
    "CPU us an event",
    "busy: gateway",
    "stub",
    "callers",
    "gateway waited",
    "kB a stream",
    "decision us p50",
    "p99",
)


def report(name: str, found: Sequence[Figures]) -> Report:
    """One report of one or several loads."""
    return Report(
        name,
        "The gateway under load: real processes, a stub provider, open-loop arrivals (scoreboard row 15)",
        (
            Table("Milliseconds; first token: beyond what the stub was asked to take", _LATENCY, _latencies(found)),
            Table(
                "What it costs; busy: CPU seconds a second; waited: ready to run, but other processes had the cores",
                _COST,
                tuple(_cost(one) for one in found),
            ),
        ),
        (
            _chart("Added to the first token, ms", found, "first_ms"),
            _chart("Added to each event, ms", found, "event_ms"),
        ),
        _notes(found),
        {"row": 15, "loads": [asdict(one) for one in found]},
    )


def _latencies(found: Sequence[Figures]) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = []
    for one in found:
        rows.append((one.load, "stub alone", f"{one.direct.num:,}", *_ms(one.direct)))
        rows.append(("", "gateway", f"{one.gateway.num:,}", *_ms(one.gateway)))
        added = Way(
            0, _less(one.gateway.first_ms, one.direct.first_ms), _less(one.gateway.event_ms, one.direct.event_ms), {}
        )
        rows.append(("", "added", "", *_ms(added)))
    return tuple(rows)


def _cost(one: Figures) -> tuple[str, ...]:
    return (
        one.load,
        f"{one.most_open:,}",
        f"{one.cpu_ms:.2f}",
        f"{one.cpu_us_per_event:.0f}",
        *(f"{one.busy[who]:.2f}" for who in ("gateway", "stub", "callers")),
        f"{one.waited:.2f}",
        f"{one.bytes_per_stream / 1000:.1f}",
        *(f"{us:.0f}" for us in one.decision_us),
    )


def _notes(found: Sequence[Figures]) -> tuple[str, ...]:
    notes = []
    for one in found:
        told = [f"{one.load}: {one.about}."]
        for what, way in (("stub alone", one.direct), ("gateway", one.gateway)):
            told.append(f"{what}: {', '.join(f'{num:,} {verdict}' for verdict, num in sorted(way.verdicts.items()))};")
        told.append(f"callers were at most {one.late_ms:.1f} ms late in 99 of 100 requests;")
        told.append(
            f"the gateway held {one.rss_bytes[0] / 1e6:.0f} MB before and at most {one.rss_bytes[1] / 1e6:.0f} MB."
        )
        told += [f"{num} x {trouble}." for trouble, num in one.troubles.items()]
        notes.append(" ".join(told))
    notes.append("whole: every event of its own answer, once, in order, and the end marked.")
    notes.append("Requests are sent when they are due, whatever became of those before; times count from then.")
    return tuple(notes)


def _chart(title: str, found: Sequence[Figures], what: str) -> Chart:
    bars = []
    for at, share in enumerate(("p50", "p90", "p99")):
        added = [_less(getattr(one.gateway, what), getattr(one.direct, what))[at] for one in found]
        bars.append(Series(share, tuple(Spot(i, max(ms, 0.0), ms, ms) for i, ms in enumerate(added))))
    return Chart(title, "", "ms beyond the stub", tuple(bars), groups=tuple(one.load for one in found))


def _less(some: Sequence[float], others: Sequence[float]) -> tuple[float, ...]:
    return tuple(one - other for one, other in zip(some, others, strict=True))


def _ms(way: Way) -> tuple[str, ...]:
    return tuple(f"{ms:.2f}" for ms in (*way.first_ms, *way.event_ms))
