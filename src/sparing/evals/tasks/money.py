"""Row 13: what 1,000 turns of an agent cost, at real prices with the provider's prompt cache, and what was lost for it.

tau-bench's recorded airline runs, every request of the agent sent again: as they are, and with the schemas of the
agent's tools, which real requests carry and the recordings lack. Four bills: OpenAI's automatic cache at two price
points, Anthropic's with the breakpoints that agents set (system prompt and newest message), Anthropic's where the
caller sets none. Answers are those of the recording and cost the same on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

from sparing.evals.airline_tools import airline_tools
from sparing.evals.data import provenance
from sparing.evals.payments import PAYMENTS, pay
from sparing.evals.progress import Progress, track
from sparing.evals.recordings import tau_conversations, with_tools
from sparing.evals.report import Report, Table
from sparing.evals.stats import Estimate
from sparing.evals.svg import Chart, Series, Spot
from sparing.evals.task import Bench, Draw
from sparing.evals.tasks.tau_bench import SOURCE
from sparing.evals.traffic.conversation import Conversation
from sparing.evals.traffic.others import Recorder, find_senders, not_run, tried
from sparing.evals.traffic.saving import Saving, saving

_FLOOR = 0.995  # of the values that answers use, and of users' words: below it a saving does not count
_METHODS = ("sparing", "masked", "no_results")
_AS_RECORDED = "as recorded"
_REQUESTS: dict[str, Callable[[Conversation], Conversation]] = {
    _AS_RECORDED: lambda one: one,
    "with tool schemas": with_tools,
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
        return self.saving.values.mean >= _FLOOR and self.saving.words.mean >= _FLOOR


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """Replay the first n trajectories with each method; the option is Sparing's effort."""
    policy = tried(draw.option)
    senders = find_senders(names or _METHODS, policy)
    present = [sender for sender in senders if not sender.missing]
    recorded = tau_conversations(draw)
    lines: list[Line] = []
    with track("money", len(present) * len(_REQUESTS) * len(PAYMENTS) * len(recorded)) as progress:
        for sender in present:
            progress.show(sender.name)
            lines += _lines(sender, recorded, draw.seed, progress)
    notes = [
        f"{len(recorded)} trajectories, {sum(len(one.turns) for one in recorded):,} requests, effort {policy.effort}; "
        "intervals by bootstrap over trajectories.",
        f"*with tool schemas* adds the {len(airline_tools())} tools of the agent, described in our own words "
        "(src/sparing/evals/airline_tools.py).",
        "Conversations start with an empty cache and their turns come within its lifetime. For Anthropic's bills the "
        "requests are translated into Anthropic's form first.",
        "*masked* leaves out all tool results but the newest three; *no_results* leaves out all of them: no reduction "
        "of tool results can save more.",
        "*values*: of tool results, used by an answer, that stood in its request; *words*: what users say, verbatim.",
        *not_run(senders),
        provenance(SOURCE, draw.data_dir),
    ]
    return _report(lines, notes, draw)


def _lines(sender: Recorder, recorded: Sequence[Conversation], seed: int, progress: Progress) -> Iterator[Line]:
    try:
        for requests, change in _REQUESTS.items():
            conversations = [change(one) for one in recorded]
            for payment in PAYMENTS:
                replayed = []
                for conversation in conversations:
                    replayed.append(pay(conversation, sender, payment))
                    progress.step()
                cpu_ms = 1000 * sender.cpu_s / sender.requests
                yield Line(sender.name, requests, payment.name, cpu_ms, saving(replayed, seed))
    finally:
        sender.close()


def _report(lines: Sequence[Line], notes: Sequence[str], draw: Draw) -> Report:
    return Report(
        "money" + (f":{draw.option}" if draw.option else ""),
        "Money per 1,000 agent turns with the prompt cache at real prices (scoreboard row 13)",
        (_held_table(lines), *(_table(lines, requests, pay.name) for requests in _REQUESTS for pay in PAYMENTS)),
        tuple(_chart(lines, requests) for requests in _REQUESTS),
        tuple(notes),
        {
            "row": 13,
            "n": draw.n,
            "seed": draw.seed,
            "lines": [{**asdict(line), "held": line.held} for line in lines],
        },
    )


def _held_table(lines: Sequence[Line]) -> Table:
    """The headline: what each method that holds the quality saves of the bill."""
    columns = tuple(f"{payment.name}, {requests}" for requests in _REQUESTS for payment in PAYMENTS)
    cells = {(line.method, f"{line.payment}, {line.requests}"): line for line in lines}
    rows = []
    for method in dict.fromkeys(line.method for line in lines):
        own = [cells[method, column] for column in columns]
        rows.append((method, *(_with_interval(one.saving.saved_share) if one.held else "not held" for one in own)))
    return Table(
        f"Saved of the whole bill, where at least {100 * _FLOOR:g} % is held", ("method", *columns), tuple(rows)
    )


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


BENCH = Bench("money", 13, "Money per 1,000 agent turns", 100, measure, _METHODS)
