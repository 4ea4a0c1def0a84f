"""Row 8 over whole conversations: tool-result tokens saved while every value is there when the agent uses it.

Each recorded run goes through `sparing.reduce` as the request that its last turn would send; what a turn becomes there
is what it became when it was new, since the reduction only looks backwards. A value of a tool result counts each time a
message of the agent passes or says it; it is kept when it is visible anywhere in what was sent before that message:
in the result itself, in another one that this refers to, or in what users and the agent said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sparing.errors import SettingsError
from sparing.evals.later_use import values
from sparing.evals.literal import visible
from sparing.evals.report import Report, Table
from sparing.evals.stats import Estimate, estimate
from sparing.evals.task import Bench, Draw, Tally
from sparing.evals.tasks.tau_bench import Message, load_runs, used_in
from sparing.settings import PolicySettings
from sparing.tokens.models import DEFAULT_MODEL, counter_for

_POLICIES: Mapping[str, PolicySettings] = {
    "text": PolicySettings(deadline_ms=10_000),
    "json": PolicySettings(deadline_ms=10_000, json_form="json"),
    "full": PolicySettings(mode="off"),
}


@dataclass(frozen=True, slots=True)
class Replayed:
    """One run under one policy.

    Attributes:
        sizes: Tool name -> tokens of its results after over before.
        kept: Values visible when used, of all that were used.
    """

    sizes: Mapping[str, Tally]
    kept: Tally

    @property
    def size(self) -> Tally:
        return _sum(self.sizes.values())


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """Replay n runs under each policy; the option names the file of runs.

    Raises:
        SettingsError: An unknown policy.
    """
    unknown = set(names).difference(_POLICIES)
    if unknown:
        raise SettingsError(f"no policy is called {min(unknown)!r}", hint=f"known: {', '.join(_POLICIES)}")
    runs = [run["traj"] for run in load_runs(draw)][: draw.n]
    replays = {name: [replay(run, _POLICIES[name]) for run in runs] for name in names or _POLICIES}
    return report(draw, replays)


def replay(messages: Sequence[Message], policy: PolicySettings) -> Replayed:
    """Reduce one run and look for every value at the time of its use."""
    from sparing.api import reduce

    body = {"model": DEFAULT_MODEL, "messages": [_clean(message) for message in messages]}
    sent = reduce(body, policy=policy).body["messages"]
    counter = counter_for(DEFAULT_MODEL)
    sizes: dict[str, Tally] = {}
    for before, after in zip(messages, sent, strict=True):
        if before["role"] == "tool" and before.get("content"):
            name = before.get("name", "")
            size = Tally(counter.count(after["content"]), counter.count(before["content"]))
            sizes[name] = _sum((sizes.get(name, Tally(0, 0)), size))
    found = [visible(_text(sent[:at]), value) for at, value in _uses(messages)]
    return Replayed(sizes, Tally(sum(found), len(found)))


def report(draw: Draw, replays: Mapping[str, Sequence[Replayed]]) -> Report:
    """Shares saved and values kept per policy, and shares saved per tool."""
    sizes = {name: estimate([run.size for run in runs], draw.seed) for name, runs in replays.items()}
    kept = {name: estimate([run.kept for run in runs], draw.seed) for name, runs in replays.items()}
    rows = tuple((name, _saved(sizes[name]), _kept(kept[name]), f"{100 * kept[name].worst:.1f} %") for name in replays)
    tools = {name: _by_tool(runs) for name, runs in replays.items()}
    order = sorted(next(iter(tools.values())).items(), key=lambda pair: -pair[1].of)
    by_tool = tuple(
        (tool, f"{size.of:,.0f}", *(f"{100 * (1 - tools[name][tool].share):.1f} %" for name in replays))
        for tool, size in order
    )
    return Report(
        "tau_replay",
        "tau-bench, whole conversations of an airline agent (scoreboard row 8)",
        (
            Table(
                "", ("policy", "tool tokens saved (95 % CI)", "values kept when used (95 % CI)", "worst tenth"), rows
            ),
            Table("Saved by tool", ("tool", "tokens", *replays), by_tool),
        ),
        notes=(f"n = {len(next(iter(replays.values())))} runs, seed {draw.seed}; tokens are o200k, markers counted.",),
        data={
            "row": 8,
            "seed": draw.seed,
            "policies": {
                name: {
                    "kept": {tool: [size.got, size.of] for tool, size in tools[name].items()},
                    "values": [kept[name].got, kept[name].of],
                }
                for name in replays
            },
        },
    )


def _uses(messages: Sequence[Message]) -> Iterator[tuple[int, str]]:
    """Every message of the agent with each value of earlier tool results that it uses."""
    known: dict[str, None] = {}
    for at, message in enumerate(messages):
        content = message.get("content") or ""
        if message["role"] == "tool":
            known.update(dict.fromkeys(values(content)))
        elif message["role"] == "assistant":
            yield from ((at, value) for value in used_in([message], tuple(known)))


def _clean(message: Message) -> dict[str, Any]:
    return {key: value for key, value in message.items() if value is not None or key == "content"}


def _text(sent: Sequence[Message]) -> str:
    return "\n".join(f"{m.get('content') or ''}\n{json.dumps(m.get('tool_calls') or '')}" for m in sent)


def _by_tool(runs: Sequence[Replayed]) -> dict[str, Tally]:
    tools = dict.fromkeys(tool for run in runs for tool in run.sizes)
    return {tool: _sum([run.sizes[tool] for run in runs if tool in run.sizes]) for tool in tools}


def _sum(tallies: Any) -> Tally:
    listed = list(tallies)
    return Tally(sum(t.got for t in listed), sum(t.of for t in listed))


def _saved(size: Estimate) -> str:
    return f"{100 * (1 - size.mean):.1f} % ({100 * (1 - size.high):.1f}..{100 * (1 - size.low):.1f})"


def _kept(kept: Estimate) -> str:
    return f"{100 * kept.mean:.1f} ({100 * kept.low:.1f}..{100 * kept.high:.1f}) {kept.got:.0f}/{kept.of:.0f}"


BENCH = Bench("tau_replay", 8, "tau-bench, whole conversations of an airline agent", 100, measure)
