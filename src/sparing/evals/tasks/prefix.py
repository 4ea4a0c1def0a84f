"""Row 12: tokens that the provider's prompt cache has to bill again, over the growing turns of recorded conversations.

An airline agent's runs (tau-bench), task-oriented dialogues (SGD, eight in a row as one session), questions about a
pasted document (XQuAD, see `followup`) and an engineer's session of mixed tool results (made, see `long_session`).
Sparing at every effort in one process; then with two processes that take the turns by turns, one of which is restarted;
and whatever else is compared, in one process. Nobody is told what was sent before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sparing.evals import pasted
from sparing.evals.data import provenance
from sparing.evals.progress import Progress, track
from sparing.evals.recordings import SGD, sgd_conversations, tau_conversations
from sparing.evals.report import Report, Table
from sparing.evals.stats import Estimate
from sparing.evals.svg import Chart, Series, Spot
from sparing.evals.task import Bench, Draw
from sparing.evals.tasks.long_session import conversation
from sparing.evals.tasks.tau_bench import SOURCE as TAU
from sparing.evals.tasks.xquad import SOURCE as XQUAD
from sparing.evals.traffic.conversation import Conversation
from sparing.evals.traffic.others import find_senders, not_run, tried
from sparing.evals.traffic.prefix import PrefixTest, prefix_tests, rebilled_share
from sparing.evals.traffic.replica import two_replicas
from sparing.evals.traffic.sender import Sender, sparing

_METHODS = ("sparing", "masked")
_EFFORTS = ("safe", "balanced", "max")
_MIXED_TURNS = 40
_MIXED_EVERY = 20  # of these long ones there are so many times fewer


def _documents(draw: Draw) -> list[Conversation]:
    return [asked.conversation for asked in pasted.conversations(draw, "en", "20 paragraphs")]


def _mixed(draw: Draw) -> list[Conversation]:
    seeds = range(draw.seed, draw.seed + max(1, draw.n // _MIXED_EVERY))
    return [conversation(seed, _MIXED_TURNS) for seed in seeds]


_DATA: dict[str, Callable[[Draw], list[Conversation]]] = {
    "tau_bench": tau_conversations,
    "sgd": sgd_conversations,
    "documents": _documents,
    "mixed": _mixed,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One way of sending one data set."""

    data: str
    way: str
    tests: tuple[PrefixTest, ...]

    @property
    def steps(self) -> int:
        return sum(test.turns - 1 for test in self.tests)

    @property
    def broken(self) -> int:
        """Turns that did not begin with what the turn before sent."""
        return sum(not one.by_caller for test in self.tests for one in test.breaks)

    @property
    def kept(self) -> float:
        """Tokens sent / tokens in the log."""
        return sum(test.sent_tokens for test in self.tests) / sum(test.log_tokens for test in self.tests)


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """The first n conversations of each data set, sent every way."""
    data = {name: load(draw) for name, load in _DATA.items()}
    others = find_senders([name for name in names or _METHODS if name != "sparing"], tried(""))
    ways: list[Sender] = list(_ours()) if "sparing" in (names or _METHODS) else []
    present = [one for one in others if not one.missing]
    total = sum(map(len, data.values()))
    lines: list[Line] = []
    with track("prefix", (len(ways) + len(present)) * total) as progress:
        for way in ways:
            lines += _lines(way, data, progress)
        for other in present:
            lines += _lines(other.as_sender(), data, progress)
            other.close()
    notes = [
        ", ".join(f"{name}: {len(one)} conversations, {_turns(one):,} requests" for name, one in data.items())
        + "; intervals by bootstrap over conversations.",
        "Re-billed: tokens that the turn before sent and that this turn does not begin with, over all that the turns "
        "before sent; tools, system and messages in the order in which providers cache, to the token.",
        "With two replicas the turns of a conversation go to two processes by turns; the first of them is ended and "
        "started anew in each of the first ten conversations of a set.",
        "*masked* leaves out all tool results but the newest three.",
        *not_run(others),
        provenance(TAU, draw.data_dir),
        provenance(SGD, draw.data_dir),
        provenance(XQUAD, draw.data_dir),
    ]
    return _report(lines, notes, draw)


def _ours() -> Iterator[Sender]:
    for effort in _EFFORTS:
        yield replace(sparing(tried(effort)), name=f"sparing, {effort}")
    yield replace(two_replicas(tried("balanced")), name="sparing, balanced, two replicas, one restarted")
    yield replace(two_replicas(tried("max")), name="sparing, max, two replicas, one restarted")


def _lines(way: Sender, data: dict[str, list[Conversation]], progress: Progress) -> Iterator[Line]:
    progress.show(way.name)
    for name, conversations in data.items():
        yield Line(name, way.name, tuple(prefix_tests(conversations, way, progress.step)))


def _turns(conversations: Sequence[Conversation]) -> int:
    return sum(len(one.turns) for one in conversations)


def _report(lines: Sequence[Line], notes: Sequence[str], draw: Draw) -> Report:
    shares = {(line.data, line.way): rebilled_share(line.tests, draw.seed) for line in lines}
    sets = list(_DATA)
    ways = list(dict.fromkeys(line.way for line in lines))
    columns = ("sent by", "re-billed (95 % CI)", "re-billed tokens", "of", "turns broken", "worst", "kept")
    tables = [
        Table(name, columns, tuple(_row(line, shares[name, line.way]) for line in lines if line.data == name))
        for name in sets
    ]
    series = [
        Series(way, tuple(_spot(at, shares[name, way]) for at, name in enumerate(sets) if (name, way) in shares))
        for way in ways
    ]
    return Report(
        "prefix",
        "Prefix tokens re-billed over growing turns (scoreboard row 12)",
        tuple(tables),
        (Chart("Prefix tokens re-billed", "", "%", tuple(series), groups=tuple(sets)),),
        tuple(notes),
        {"row": 12, "n": draw.n, "seed": draw.seed, "lines": [_as_json(line, shares) for line in lines]},
    )


def _row(line: Line, share: Estimate) -> tuple[str, ...]:
    return (
        line.way,
        f"{100 * share.mean:.2f} % ({100 * share.low:.2f}..{100 * share.high:.2f})",
        f"{share.got:,.0f}",
        f"{share.of:,.0f}",
        f"{line.broken:,}/{line.steps:,}",
        f"{100 * max((t.rebilled_tokens / t.before_tokens for t in line.tests if t.before_tokens), default=0):.1f} %",
        f"{100 * line.kept:.1f} %",
    )


def _spot(x: int, e: Estimate) -> Spot:
    return Spot(x, 100 * e.mean, 100 * e.low, 100 * e.high)


def _as_json(line: Line, shares: dict[tuple[str, str], Estimate]) -> dict[str, object]:
    share = shares[line.data, line.way]
    return {
        "data": line.data,
        "way": line.way,
        "rebilled": share.mean,
        "low": share.low,
        "high": share.high,
        "rebilled_tokens": share.got,
        "before_tokens": share.of,
        "broken": line.broken,
        "steps": line.steps,
        "kept": line.kept,
    }


BENCH = Bench("prefix", 12, "Prefix tokens re-billed", 100, measure, _METHODS)
