"""The money report: what is saved of the bill, what the bill is made of, and the most that could be saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sparing.evals.payments import PAYMENTS
from sparing.evals.report import Report, Table
from sparing.evals.stats import Estimate
from sparing.evals.svg import Chart, Series, Spot
from sparing.evals.traffic.ceilings import ONLY_USED, ONLY_USED_SILENT
from sparing.evals.traffic.parts import Part
from sparing.evals.traffic.saving import Saving

FLOOR = 0.995  # of the values that answers use, and of users' words: below it a saving does not count
_BOUNDS = {
    "no_results": "every tool result left out",
    ONLY_USED: "of tool results only what is used later kept, known in hindsight",
    ONLY_USED_SILENT: "that, and all left out that the assistant said",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One method on one kind of requests under one bill.

    Attributes:
        cpu_ms: Per request.
    """

    method: str
    requests: str
    payment: str
    cpu_ms: float
    saving: Saving

    @property
    def held(self) -> bool:
        """Whether the quality allows the saving to count."""
        return self.saving.values.mean >= FLOOR and self.saving.words.mean >= FLOOR


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that the report shows.

    Attributes:
        requests: Names of the kinds of requests.
        bounds: What no reduction can do better than, each on every kind of requests under every bill.
        parts: What the bill is made of, by kind of requests and bill.
    """

    requests: tuple[str, ...]
    lines: Sequence[Line]
    bounds: Sequence[Line]
    parts: Mapping[tuple[str, str], Sequence[Part]]


def report(name: str, measured: Measured, notes: Sequence[str], data: Mapping[str, object]) -> Report:
    """Tables, plots and all numbers."""
    payments = [payment.name for payment in PAYMENTS]
    each = [_table(measured.lines, requests, payment) for requests in measured.requests for payment in payments]
    return Report(
        name,
        "Money per 1,000 agent turns with the prompt cache at real prices (scoreboard row 13)",
        (_held_table(measured), _bounds_table(measured), _parts_table(measured), *each),
        tuple(_chart(measured.lines, requests) for requests in measured.requests),
        tuple(notes),
        {
            **data,
            "lines": [{**asdict(line), "held": line.held} for line in measured.lines],
            "bounds": [asdict(line) for line in measured.bounds],
            "parts": [
                {"requests": requests, "payment": payment, "parts": [asdict(part) for part in parts]}
                for (requests, payment), parts in measured.parts.items()
            ],
        },
    )


def _columns(measured: Measured) -> list[tuple[str, str]]:
    return [(requests, payment.name) for requests in measured.requests for payment in PAYMENTS]


def _held_table(measured: Measured) -> Table:
    """The headline: what each method that holds the quality saves of the bill."""
    cells = {(line.method, line.requests, line.payment): line for line in measured.lines}
    rows = []
    for method in dict.fromkeys(line.method for line in measured.lines):
        own = [cells[method, *column] for column in _columns(measured)]
        rows.append((method, *(_with_interval(one.saving.saved_share) if one.held else "not held" for one in own)))
    return _by_bill(f"Saved of the whole bill, where at least {100 * FLOOR:g} % is held", "method", measured, rows)


def _bounds_table(measured: Measured) -> Table:
    """What no reduction can save more than."""
    cells = {(line.method, line.requests, line.payment): line for line in measured.bounds}
    rows = []
    for method, title in _BOUNDS.items():
        own = [cells[method, *column] for column in _columns(measured)]
        held = 100 * own[0].saving.values.mean
        rows.append(
            (f"{title} ({held:.1f} % of values held)", *(_with_interval(one.saving.saved_share) for one in own))
        )
    return _by_bill("The most that could be saved of the whole bill", "left out", measured, rows)


def _parts_table(measured: Measured) -> Table:
    """Shares of the bill without any reduction."""
    totals = {column: sum(part.usd for part in parts) for column, parts in measured.parts.items()}
    found = {(part.name, column): part for column, parts in measured.parts.items() for part in parts}
    fullest = max(measured.parts.values(), key=len)
    rows = []
    for name in [part.name for part in fullest]:
        shares = [_of_the_bill(found.get((name, column)), totals[column]) for column in _columns(measured)]
        rows.append((name, *shares))
    title = "What the bill is made of, % (read from the cache + written to it + at the price of input or output)"
    return _by_bill(title, "part", measured, rows)


def _of_the_bill(part: Part | None, usd: float) -> str:
    if part is None:
        return "-"
    read, written, new = (100 * one / usd for one in (part.read_usd, part.written_usd, part.new_usd))
    return f"{100 * part.usd / usd:.1f} ({read:.1f} + {written:.1f} + {new:.1f})"


def _by_bill(title: str, first: str, measured: Measured, rows: Sequence[tuple[str, ...]]) -> Table:
    columns = [f"{payment}, {requests}" for requests, payment in _columns(measured)]
    return Table(title, (first, *columns), tuple(rows))


_COLUMNS = (
    "method",
    "tokens saved",
    "USD without",
    "USD with",
    "saved of the bill (95 % CI)",
    "of prompts alone",
    "values",
    "words",
    "least saved",
    "dearer",
    "CPU ms / request",
)


def _table(lines: Sequence[Line], requests: str, payment: str) -> Table:
    rows = []
    for line in lines:
        if (line.requests, line.payment) != (requests, payment):
            continue
        s = line.saving
        rows.append(
            (
                line.method,
                _percent(s.saved_tokens_share.mean),
                f"{s.log_usd:.3f}",
                f"{s.sent_usd:.3f}",
                _with_interval(s.saved_share),
                _percent(s.saved_input_share.mean),
                f"{100 * s.values.mean:.2f} % ({s.values.got:,.0f}/{s.values.of:,.0f})",
                f"{100 * s.words.mean:.2f} %",
                _percent(s.worst[1]),
                f"{s.dearer}/{s.conversations}",
                f"{line.cpu_ms:.1f}",
            )
        )
    return Table(f"{requests}: {payment}, per 1,000 turns", _COLUMNS, tuple(rows))


def _chart(lines: Sequence[Line], requests: str) -> Chart:
    """A bar per method that holds the quality, grouped by bill."""
    names = [payment.name for payment in PAYMENTS]
    chosen = [line for line in lines if line.requests == requests and line.held]
    series = [
        Series(
            method,
            tuple(
                _spot(names.index(line.payment), line.saving.saved_share) for line in chosen if line.method == method
            ),
        )
        for method in dict.fromkeys(line.method for line in chosen)
    ]
    return Chart(f"Saved of the bill, {requests}", "", "% saved", tuple(series), groups=tuple(names))


def _spot(x: int, e: Estimate) -> Spot:
    return Spot(x, 100 * e.mean, 100 * e.low, 100 * e.high)


def _with_interval(e: Estimate) -> str:
    return f"{100 * e.mean:.1f} ({100 * e.low:.1f}..{100 * e.high:.1f})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
