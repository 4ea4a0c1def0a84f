"""Row 8: tool-result tokens saved while the values that the agent uses later stay.

tau-bench (Yao et al. 2024), recorded airline trajectories. A value is a leaf of a tool result (an id, a number, a date,
a code, a name); it counts when a later tool call passes it or a later answer says it. No labels are needed, so the same
measure runs on anybody's logs. A method sees one tool result, and as the question what the user last said and the call
that fetched it: nothing of what came after.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sparing.evals.data import Source, first_file, read_jsonl, read_text
from sparing.evals.later_use import is_used, said_of, values
from sparing.evals.literal import visible
from sparing.evals.task import Draw, Sample, Tally, Task

SOURCE = Source(
    "tau_bench",
    "https://github.com/sierra-research/tau-bench",
    "MIT",
    "historical_trajectories/gpt-4o-airline.json",
)


@dataclass(frozen=True, slots=True)
class Used:
    """Values of one tool result that are used later.

    Attributes:
        new: Those nobody had mentioned before it.
        said: Those that a user, the assistant or a call had mentioned: they are sent whatever becomes of the result.
    """

    values: tuple[str, ...]
    new: tuple[str, ...]
    said: frozenset[str] = frozenset()


Message = Mapping[str, Any]


def load(draw: Draw) -> list[Sample[Used]]:
    """n tool results, drawn from all trajectories."""
    runs = load_runs(draw)
    samples = [sample for number, run in enumerate(runs) for sample in tool_results(run["traj"], f"tau-{number}")]
    chosen = sorted(random.Random(draw.seed).sample(range(len(samples)), min(draw.n, len(samples))))
    return [samples[i] for i in chosen]


def load_runs(draw: Draw) -> list[dict[str, Any]]:
    """All trajectories of the recorded file, or of the file that the option names: ``tau_bench:gpt-4o-retail.json``."""
    names = (draw.option,) if draw.option else ("airline_gpt4o.jsonl", "gpt-4o-airline.json")
    path = first_file(SOURCE, draw.data_dir, names)
    return list(read_jsonl(path)) if path.suffix == ".jsonl" else json.loads(read_text(path))


def score(sample: Sample[Used], output: str) -> dict[str, Tally]:
    """Values used later that are literally in the output, as whole words; `in_request`: or in what was said before."""
    present = {value for value in sample.gold.values if visible(output, value)}
    new = sum(value in present for value in sample.gold.new)
    return {
        "values": Tally(len(present), len(sample.gold.values)),
        "new_values": Tally(new, len(sample.gold.new)),
        "in_request": Tally(len(present | sample.gold.said), len(sample.gold.values)),
    }


def tool_results(messages: Sequence[Message], run: str) -> Iterator[Sample[Used]]:
    """A sample per non-empty tool result of one trajectory."""
    user, call = "", ""
    for at, message in enumerate(messages):
        content = message.get("content") or ""
        if message["role"] == "user":
            user = content
        elif message["role"] == "assistant":
            calls = message.get("tool_calls") or ()
            call = " ".join(f"{c['function']['name']}({c['function']['arguments']})" for c in calls)
        elif message["role"] == "tool" and content.strip():
            used = _used(content, messages[:at], messages[at + 1 :])
            yield Sample(f"{run}-{at}", content, f"{user}\n{call}", used, message.get("name", ""))


def _used(content: str, before: Sequence[Message], after: Sequence[Message]) -> Used:
    used = used_in(after, values(content))
    known = "\n".join(f"{m.get('content') or ''} {' '.join(_passed([m]))}" for m in before)
    said = "\n".join(f"{m.get('content') or ''} {' '.join(_passed([m]))}" for m in before if m["role"] != "tool")
    return Used(
        tuple(used),
        tuple(v for v in used if not visible(known, v)),
        frozenset(v for v in used if visible(said, v)),
    )


def used_in(messages: Sequence[Message], found: Sequence[str]) -> list[str]:
    """Those of the values that a tool call in these messages passes or that the assistant says in them."""
    passed, said = _passed(messages), _said(messages)
    return [value for value in found if is_used(value, passed, said)]


def _passed(messages: Sequence[Message]) -> set[str]:
    """Leaves of the arguments of these messages' tool calls."""
    passed: set[str] = set()
    for message in messages:
        for call in message.get("tool_calls") or ():
            passed.update(values(call["function"]["arguments"]))
    return passed


def _said(messages: Sequence[Message]) -> str:
    """What the assistant says in these messages."""
    return said_of(m.get("content") or "" for m in messages if m["role"] == "assistant")


TASK = Task(
    "tau_bench",
    8,
    "tau-bench, tool results of an airline agent",
    "values",
    (None, 0.8, 0.6, 0.4),
    300,
    load,
    score,
    SOURCE,
    floors={"values": 0.995},
    part="tool_result",
)
