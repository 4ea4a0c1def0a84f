"""Row 13: what 1,000 turns of an agent cost, at real prices with the provider's prompt cache, and what was lost for it.

tau-bench's recorded airline runs, every request of the agent sent again: as they are, and with the schemas of the
agent's tools, which real requests carry and the recordings lack. Four bills: OpenAI's automatic cache at two price
points, Anthropic's with the breakpoints that agents set (system prompt and newest message), Anthropic's where the
caller sets none. Answers are those of the recording and cost the same on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sparing.evals.airline_tools import airline_tools
from sparing.evals.data import provenance
from sparing.evals.money_report import Line, Measured, report
from sparing.evals.payments import PAYMENTS, pay
from sparing.evals.progress import Progress, track
from sparing.evals.recordings import tau_conversations, with_tools
from sparing.evals.report import Report
from sparing.evals.task import Bench, Draw
from sparing.evals.tasks.tau_bench import SOURCE
from sparing.evals.traffic.ceilings import ceilings
from sparing.evals.traffic.conversation import Conversation
from sparing.evals.traffic.others import Recorder, find_senders, not_run, tried
from sparing.evals.traffic.parts import Part, parts
from sparing.evals.traffic.saving import saving

_METHODS = ("sparing", "masked", "no_results")
_AS_RECORDED = "as recorded"
_REQUESTS: dict[str, Callable[[Conversation], Conversation]] = {
    _AS_RECORDED: lambda one: one,
    "with tool schemas": with_tools,
}


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """Replay the first n trajectories with each method; the option is Sparing's effort."""
    policy = tried(draw.option)
    senders = find_senders(names or _METHODS, policy)
    present = [sender for sender in senders if not sender.missing]
    recorded = tau_conversations(draw)
    bounds = [*find_senders(("no_results",), policy), *ceilings(recorded)]
    with track("money", _replays(len(present) + len(bounds)) * len(recorded)) as progress:
        lines = _lines(present, recorded, draw.seed, progress)
        measured = Measured(tuple(_REQUESTS), lines, _lines(bounds, recorded, draw.seed, progress), _parts(recorded))
    notes = [
        f"{len(recorded)} trajectories, {sum(len(one.turns) for one in recorded):,} requests, effort {policy.effort}; "
        "intervals by bootstrap over trajectories.",
        f"*with tool schemas* adds the {len(airline_tools())} tools of the agent, described in our own words "
        "(src/sparing/evals/airline_tools.py).",
        "Conversations start with an empty cache and their turns come within its lifetime. For Anthropic's bills the "
        "requests are translated into Anthropic's form first.",
        "*masked* leaves out all tool results but the newest three; *no_results* leaves out all of them.",
        "*The most that could be saved* is no method: it knows what later answers will use. Where the caller sets no "
        "breakpoints it sets none either; most of what Sparing saves there are its own.",
        "*values*: of tool results, used by an answer, that stood in its request; *words*: what users say, verbatim.",
        *not_run(senders),
        provenance(SOURCE, draw.data_dir),
    ]
    name = "money" + (f":{draw.option}" if draw.option else "")
    return report(name, measured, notes, {"row": 13, "n": draw.n, "seed": draw.seed})


def _replays(num_senders: int) -> int:
    """How often each conversation is replayed."""
    return num_senders * len(_REQUESTS) * len(PAYMENTS)


def _lines(senders: Sequence[Recorder], recorded: Sequence[Conversation], seed: int, progress: Progress) -> list[Line]:
    lines: list[Line] = []
    for sender in senders:
        progress.show(sender.name)
        lines += _of_sender(sender, recorded, seed, progress)
    return lines


def _of_sender(sender: Recorder, recorded: Sequence[Conversation], seed: int, progress: Progress) -> Iterator[Line]:
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


def _parts(recorded: Sequence[Conversation]) -> dict[tuple[str, str], list[Part]]:
    return {
        (requests, payment.name): parts([payment.asked(change(one)) for one in recorded], payment.prices)
        for requests, change in _REQUESTS.items()
        for payment in PAYMENTS
    }


BENCH = Bench("money", 13, "Money per 1,000 agent turns", 100, measure, _METHODS)
