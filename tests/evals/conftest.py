"""Tiny data sets in the published and in the cut-down layouts, written to a temporary folder."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from jsonl_files import write_jsonl

_LAKES = ("Ana", "Bor", "Cid", "Dun", "Eos", "Fay", "Gol", "Hin", "Ilm", "Jor", "Kap", "Lys")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data root with all sets that tasks load."""
    write_jsonl(
        tmp_path / "nq_oracle" / "questions.jsonl",
        [
            {
                "question": f"how deep is lake {name}",
                "answers": [f"{100 + i} metres"],
                "title": f"Lake {name}",
                "text": f"Lake {name} lies in the north. The lake is {100 + i} metres deep. Many fish live in it.",
            }
            for i, name in enumerate(_LAKES)
        ],
    )
    _xquad(tmp_path / "xquad")
    _qmsum(tmp_path / "qmsum")
    _locomo(tmp_path / "locomo")
    _sgd(tmp_path / "sgd")
    _tau(tmp_path / "tau_bench")
    _loghub(tmp_path / "loghub")
    _tatqa(tmp_path / "tatqa")
    _gsm8k(tmp_path / "gsm8k")
    return tmp_path


def _tatqa(folder: Path) -> None:
    reports = [
        {
            "table": {
                "uid": f"t{i}",
                "table": [["", "2019", "2018"], [f"Sales of mill {i}", f"{1000 + i}", f"{900 + i}"]],
            },
            "paragraphs": [{"order": 1, "text": f"Mill {i} sold flour. Costs were {300 + i} in all."}],
            "questions": [
                {
                    "uid": f"q{i}",
                    "question": f"By how much did sales of mill {i} change?",
                    "answer": 100,
                    "answer_type": "arithmetic",
                    "derivation": f"{1000 + i} - {900 + i}",
                    "answer_from": "table-text" if i % 2 else "table",
                    "rel_paragraphs": ["1"] if i % 2 else [],
                }
            ],
        }
        for i in range(12)
    ]
    folder.mkdir()
    (folder / "dev.json").write_text(json.dumps(reports))


def _gsm8k(folder: Path) -> None:
    rows = [
        {
            "question": f"{name} has {20 + i} nuts. The dog eats {3 + i} of them. How many nuts has {name} now?",
            "answer": f"{name} has {20 + i}-{3 + i}=<<{20 + i}-{3 + i}=17>>17 nuts.\n#### 17",
        }
        for i, name in enumerate(_LAKES)
    ]
    write_jsonl(folder / "train.jsonl", rows)


def _xquad(folder: Path) -> None:
    paragraphs = [
        [
            f"Town {t}{p} has a mill. The mill of {t}{p} was built in {1700 + 10 * t + p}. It burnt down."
            for p in range(3)
        ]
        for t in range(4)
    ]
    rows: list[dict[str, Any]] = [
        {
            "id": f"q{t}{p}",
            "title": f"Town {t}",
            "paragraph": p,
            "question": f"When was the mill of {t}{p} built?",
            "answers": [{"text": str(1700 + 10 * t + p), "start": text.index(str(1700 + 10 * t + p))}],
        }
        for t, texts in enumerate(paragraphs)
        for p, text in enumerate(texts)
    ]
    rows += [{"title": f"Town {t}", "paragraphs": texts} for t, texts in enumerate(paragraphs)]
    write_jsonl(folder / "en.jsonl", rows)


def _qmsum(folder: Path) -> None:
    turns = [{"speaker": f"Person {i % 3}", "content": f"Point {i} is about item number {i * 7} ."} for i in range(40)]
    query = {"query": "What about item number 70?", "answer": "x", "relevant_text_span": [["10", "12"], ["30", "30"]]}
    write_jsonl(folder / "val.jsonl", [{"specific_query_list": [query], "meeting_transcripts": turns}])


def _locomo(folder: Path) -> None:
    places = ("Oslo", "Porto", "Riga", "Split", "Turin", "Vaduz")
    conversation: dict[str, Any] = {"speaker_a": "Ana", "speaker_b": "Bo"}
    asked = []
    for i, place in enumerate(places, 1):
        conversation[f"session_{i}_date_time"] = f"1:0{i} pm on {i} May, 2023"
        conversation[f"session_{i}"] = [
            {"speaker": "Ana", "dia_id": f"D{i}:1", "text": f"I spent a week in {place} with my sister."},
            {"speaker": "Bo", "dia_id": f"D{i}:2", "text": "Lovely!", "blip_caption": f"a photo of hat {i}"},
        ]
        evidence = [f"D{i}:1; D{i}:02", "D99:1"]
        asked.append({"question": f"Where was Ana in week {i}?", "evidence": evidence, "category": 1 + i % 5})
    asked.append({"question": "Who?", "evidence": [], "category": 4})
    folder.mkdir()
    (folder / "7.json").write_text(json.dumps({**conversation, "qa": asked}))


def _sgd(folder: Path) -> None:
    rows = [
        {
            "id": f"1_{i}",
            "services": ["Restaurants_2"],
            "turns": [
                {"speaker": "USER", "text": f"A table for {i}, please.", "state": {"seats": [str(i)]}},
                {"speaker": "SYSTEM", "text": f"At {i}:30 pm?", "state": {}},
                {"speaker": "USER", "text": "Yes.", "state": {"seats": [str(i)], "time": [f"{i}:30 pm", "soon"]}},
            ],
        }
        for i in range(2, 9)
    ]
    write_jsonl(folder / "dialogues.jsonl", rows)


def _tau(folder: Path) -> None:
    user = {"id": "usr_77120", "city": "Oslo", "seats": 4, "note": "x"}
    call = {"function": {"name": "get_user", "arguments": '{"login": "mia"}'}}
    after = {"function": {"name": "book", "arguments": '{"user_id": "usr_77120"}'}}
    messages = [
        {"role": "user", "content": "I am mia, book me a seat."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "name": "get_user", "content": json.dumps(user)},
        {"role": "assistant", "content": None, "tool_calls": [after]},
        {"role": "tool", "name": "book", "content": ""},
        {"role": "assistant", "content": "Booked for you in Oslo."},
    ]
    write_jsonl(folder / "airline_gpt4o.jsonl", [{"traj": messages}])


def _loghub(folder: Path) -> None:
    folder.mkdir()
    rows = [
        (
            f"10:00:{i:02d} INFO job {i} done in {i * 3} ms",
            "INFO",
            f"job {i} done in {i * 3} ms",
            "job <*> done in <*> ms",
        )
        for i in range(20)
    ]
    rows[7] = ("10:00:07 ERROR disk sdb4 is full", "ERROR", "disk sdb4 is full", "disk <*> is full")
    (folder / "Tiny_2k.log").write_text("\n".join(line for line, *_ in rows) + "\n")
    with (folder / "Tiny_2k.log_structured.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("LineId", "Level", "Content", "EventId", "EventTemplate"))
        writer.writerows((i, level, content, "E", template) for i, (_, level, content, template) in enumerate(rows, 1))
