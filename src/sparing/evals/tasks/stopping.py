"""Would ending answers that look complete cut anything? On answers that people and models gave, read in pieces.

A stop is false where what it leaves out is more than a courtesy: another paragraph, a number, or more than 300
characters. JSON that tools answered is read with prose behind it: it has to come out as it is.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sparing.evals.data import Source, first_file, folder, provenance, read_jsonl
from sparing.evals.report import Report, Table
from sparing.evals.stats import wilson
from sparing.evals.task import Bench, Draw
from sparing.evals.tasks import gsm8k, nq, qmsum, tau_bench
from sparing.finish.complete import Form, form_of, watchers

_SGD = Source("sgd", "https://github.com/google-research-datasets/dstc8-schema-guided-dialogue", "CC BY-SA 4.0", "")
_PIECE_CHARS = 9
_COURTESY_CHARS = 300
_PROSE = "\n\nThis object holds what was asked for. Let me know if you need more."


@dataclass(frozen=True, slots=True)
class Said:
    """An answer and what it answers."""

    question: str
    text: str


def measure(draw: Draw, _names: tuple[str, ...]) -> Report:
    """n answers of each set at most."""
    rows, ended = [], {}
    for name, found in _sets(draw).items():
        stops: Counter[str] = Counter()
        false: list[str] = []
        for number, said in enumerate(found):
            end, why = _end(said.text, form_of(said.question, wants_json=False), number)
            if end is not None:
                stops[why] += 1
                if _is_loss(said.text[end:]):
                    false.append(said.text[end:])
        low, high = wilson(len(false), len(found))
        share, bounds = f"{100 * len(false) / len(found):.3f} %", f"{100 * low:.3f} .. {100 * high:.3f} %"
        rows.append((name, f"{len(found):,}", str(stops.total()), str(len(false)), share, bounds))
        ended[name] = {"n": len(found), "stops": dict(stops), "false": len(false), "left_out": false[:5]}
    values = list(_json_answers(draw))
    broken = sum(not _comes_whole(value, number) for number, value in enumerate(values))
    return Report(
        "stopping",
        "Ending streams that already answer (eager)",
        (Table("", ("answers", "n", "stops", "false", "share", "95 %"), tuple(rows)),),
        (),
        (
            f"JSON: {len(values):,} values of tools with prose behind them; broken: {broken}.",
            provenance(tau_bench.SOURCE, draw.data_dir),
        ),
        {"seed": draw.seed, "sets": ended, "json": {"n": len(values), "broken": broken}},
    )


def _end(text: str, form: Form, seed: int) -> tuple[int | None, str]:
    rng, at, looking = random.Random(seed), 0, watchers(form, "eager")
    while at < len(text):
        size = rng.randint(1, _PIECE_CHARS)
        for one in looking:
            one.see(text[at : at + size])
            if one.end is not None:
                return one.end, one.why
        at += size
    return None, ""


def _is_loss(left_out: str) -> bool:
    rest = left_out.strip()
    return "\n\n" in rest or len(rest) > _COURTESY_CHARS or re.search(r"\d", rest) is not None


def _comes_whole(value: str, seed: int) -> bool:
    end, _ = _end_of_json(value + _PROSE, seed)
    return end == len(value.rstrip())


def _end_of_json(text: str, seed: int) -> tuple[int | None, str]:
    return _end(text, Form(json=True), seed)


def _sets(draw: Draw) -> dict[str, Sequence[Said]]:
    made = {
        "gsm8k, solutions": list(_gsm8k(draw)),
        "tau-bench, a model's messages": list(_tau_bench(draw)),
        "sgd, the system's turns": list(_sgd(draw)),
        "qmsum, summaries": list(_qmsum(draw)),
        "nq, passages": [Said(one.question, one.text) for one in nq.passages(draw.data_dir)],
    }
    return {
        name: random.Random(draw.seed).sample(found, draw.n) if draw.n < len(found) else found
        for name, found in made.items()
    }


def _gsm8k(draw: Draw) -> Iterator[Said]:
    for row in read_jsonl(first_file(gsm8k.SOURCE, draw.data_dir, ("train.jsonl", "test.jsonl"))):
        yield Said(row["question"], row["answer"])


def _tau_bench(draw: Draw) -> Iterator[Said]:
    for run in tau_bench.load_runs(Draw(draw.data_dir, 1000)):
        question = ""
        for message in run["traj"]:
            content = message.get("content")
            if message["role"] == "user":
                question = content
            elif message["role"] == "assistant" and content:
                yield Said(question, content)


def _sgd(draw: Draw) -> Iterator[Said]:
    for row in read_jsonl(first_file(_SGD, draw.data_dir, ("dialogues.jsonl",))):
        for before, turn in zip(row["turns"], row["turns"][1:], strict=False):
            if turn["speaker"] != "USER":
                yield Said(before["text"], turn["text"])


def _qmsum(draw: Draw) -> Iterator[Said]:
    for path in sorted(folder(qmsum.SOURCE, draw.data_dir).glob("*.jsonl")):
        for row in read_jsonl(path):
            for query in [*row.get("general_query_list", ()), *row.get("specific_query_list", ())]:
                yield Said(query["query"], query["answer"])


def _json_answers(draw: Draw) -> Iterator[str]:
    """What tools answered, where that is an object or an array."""
    for run in tau_bench.load_runs(Draw(draw.data_dir, 1000)):
        for message in run["traj"]:
            content = message.get("content") if message["role"] == "tool" else None
            if content and content[:1] in ("{", "["):
                try:
                    json.loads(content)
                except ValueError:
                    continue
                yield content


BENCH = Bench("stopping", 0, "Ending streams that already answer", 10_000, measure)
