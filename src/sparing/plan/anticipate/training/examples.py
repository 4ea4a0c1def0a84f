"""Turns whose kind is known: public data sets, by what each was made of.

One turn of five is held out, by a hash of its group (dialogue, article, meeting, report, question); never by line.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sparing.plan.anticipate.marks import Turn
from sparing.settings.policies import Intent

_MATHS = ("abstract_algebra", "college_mathematics", "college_physics", "formal_logic", "conceptual_physics")
_THANKS = re.compile(r"\b(?:thanks?|thank you|bye|good ?bye|that'?s (?:all|it|fine)|great|nice day|appreciate)\b", re.I)
_YES = re.compile(r"^(?:yes|no|yeah|yep|nope|sure|ok(?:ay)?|right|correct|perfect|sounds good|alright)\b", re.I)
_ASKS_ALL = re.compile(r"^summari[sz]e|main (?:discussion|points|topics)|overview|what was the meeting about", re.I)
_STEP = re.compile(r"<<")


@dataclass(frozen=True, slots=True)
class Example:
    """One turn.

    Attributes:
        source: The data set that it is from.
        hardness: How hard it is, 0..1, where that is known: whether a weak model failed, or how many steps it took.
        answer: Given to it, where there is one.
    """

    turn: Turn
    intent: Intent
    source: str
    held_out: bool
    hardness: float | None = None
    answer: str = field(default="", repr=False)


def is_held_out(source: str, group: str) -> bool:
    """Whether a group is for testing only."""
    return blake2b(f"{source}/{group}".encode(), digest_size=2).digest()[0] % 5 == 0


def read_examples(data: Path) -> Iterator[Example]:
    """All of them, set by set."""
    for source, read in _SOURCES.items():
        for group, turn, intent, hardness, answer in read(data):
            yield Example(turn, intent, source, is_held_out(source, group), hardness, answer)


_Row = tuple[str, Turn, Intent, float | None, str]


def _banking(data: Path) -> Iterator[_Row]:
    with (data / "banking77/train.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield row["text"], _said(row["text"]), "support", None, ""


def _sgd(data: Path) -> Iterator[_Row]:
    """A user's turn that only thanks, agrees or leaves is talk; every other one is about the matter at hand."""
    for dialogue in _lines(data / "sgd/dialogues.jsonl"):
        before = ""
        turns = dialogue["turns"]
        for at, (turn, answer) in enumerate(zip(turns, turns[1:], strict=False)):
            if turn["speaker"] != "USER":
                continue
            text = turn["text"]
            talk = "?" not in text and len(text) < 90 and bool(_THANKS.search(text) or _YES.match(text))
            talk = talk and not re.search(r"\d", text)
            said = Turn(text, before, len(text), at + 1)
            yield dialogue["id"], said, "chat" if talk else "support", 0.0 if talk else None, answer["text"]
            before = text


def _tau(data: Path) -> Iterator[_Row]:
    for at, row in enumerate(_lines(data / "tau_bench/airline_gpt4o.jsonl")):
        before, number = "", 0
        turns = row["traj"]
        for turn, answer in zip(turns, turns[1:], strict=False):
            text = turn.get("content") or ""
            if turn["role"] != "user" or "###" in text:
                continue
            number += 1
            reply = answer.get("content") or json.dumps(answer.get("tool_calls") or "")
            yield str(at), Turn(text, before, len(text), 2 * number - 1, has_tools=True), "support", None, reply
            before = text


def _nq(data: Path) -> Iterator[_Row]:
    for at, row in enumerate(_lines(data / "nq_oracle/questions.jsonl")):
        question = row["question"]
        if at % 2:
            yield question, _said(question), "lookup", None, row["answers"][0]
        else:
            yield question, _given(row["text"], f"Question: {question}?", at), "extract", None, row["answers"][0]


def _xquad(data: Path) -> Iterator[_Row]:
    articles: dict[str, list[str]] = {}
    rows = list(_lines(data / "xquad/en.jsonl"))
    for row in rows:
        if "paragraphs" in row:
            articles[row["title"]] = row["paragraphs"]
    for at, row in enumerate(row for row in rows if "question" in row):
        answer = row["answers"][0]["text"]
        if at % 3:
            text = articles[row["title"]][row["paragraph"]]
            yield row["title"], _given(text, row["question"], at), "extract", None, answer
        else:
            yield row["title"], _said(row["question"]), "lookup", None, answer


def _tatqa(data: Path) -> Iterator[_Row]:
    for report in json.loads((data / "tatqa/dev.json").read_text("utf-8")):
        table = "\n".join(" | ".join(row) for row in report["table"]["table"])
        text = "\n\n".join([table, *(one["text"] for one in report["paragraphs"])])
        for at, one in enumerate(report["questions"]):
            yield report["table"]["uid"], _given(text, one["question"], at), "extract", None, str(one["answer"])


def _sroie(data: Path) -> Iterator[_Row]:
    asks = ("What is the total?", "Which company is this from?", "Give me the date and the address as JSON.")
    for path in sorted((data / "sroie").glob("*.box.csv")):
        text = "\n".join(line.split(",", 8)[-1] for line in path.read_text("utf-8").splitlines())
        for at, ask in enumerate(asks):
            yield path.stem[:3], _given(text, ask, at), "extract", None, ""


def _qmsum(data: Path) -> Iterator[_Row]:
    for path in sorted((data / "qmsum").glob("*.jsonl")):
        for number, meeting in enumerate(_lines(path)):
            lines = (f"{one['speaker']}: {one['content']}" for one in meeting["meeting_transcripts"])
            text = "\n".join(lines)[:6000]
            asked = [*meeting["general_query_list"], *meeting["specific_query_list"]]
            for at, one in enumerate(asked):
                is_all = at < len(meeting["general_query_list"]) or bool(_ASKS_ALL.search(one["query"]))
                turn = _given(text, one["query"], at) if at % 2 else _said(one["query"])
                if is_all:
                    yield f"{path.stem}{number}", turn, "summarise", None, one["answer"]


def _gsm8k(data: Path) -> Iterator[_Row]:
    for row in _lines(data / "gsm8k/train.jsonl"):
        steps = len(_STEP.findall(row["answer"]))
        yield row["question"], _said(row["question"]), "reason", min(1.0, steps / 8), row["answer"]


def _mmlu(data: Path) -> Iterator[_Row]:
    for path in sorted((data / "routing").glob("mmlu_*.csv")):
        subject = path.stem[5:]
        with path.open(newline="", encoding="utf-8") as file:
            for at, (prompt, weak, _) in enumerate(list(csv.reader(file))[1:]):
                text = prompt if at % 2 else re.split(r"\n\s*A[.)] ", prompt)[0]
                intent: Intent = "reason" if subject in _MATHS else "lookup"
                yield subject, _said(text), intent, float(weak != "True"), ""


def _said(text: str) -> Turn:
    return Turn(text, "", len(text))


def _given(material: str, ask: str, at: int) -> Turn:
    """A question with its material, before it or behind."""
    text = f"{material}\n\n{ask}" if at % 2 else f"{ask}\n\n{material}"
    return Turn(text, "", len(text))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _code(_: Path) -> Iterator[_Row]:
    from sparing.plan.anticipate.training.code import code_turns

    for group, text in code_turns():
        yield group, _said(text), "code", None, ""


def _talk(_: Path) -> Iterator[_Row]:
    from sparing.plan.anticipate.training.talk import TALK

    for intent, text in TALK:
        yield text, _said(text), intent, 0.0 if intent == "chat" else None, ""


_SOURCES: dict[str, Callable[[Path], Iterator[_Row]]] = {
    "banking77": _banking,
    "sgd": _sgd,
    "tau_bench": _tau,
    "nq": _nq,
    "xquad": _xquad,
    "tatqa": _tatqa,
    "sroie": _sroie,
    "qmsum": _qmsum,
    "gsm8k": _gsm8k,
    "mmlu": _mmlu,
    "code": _code,
    "talk": _talk,
}
