"""Measuring what tightened answers keep, and what a known document costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from jsonl_files import write_jsonl

from sparing.errors import SettingsError
from sparing.evals.task import Draw
from sparing.evals.tasks import fragments, tighten
from sparing.evals.tightening.answers import SETS

STEPS = "\n".join(f"Step {number} gives {number} + 1 = <<{number}+1={number + 1}>>{number + 1}." for number in range(7))


@pytest.fixture
def answers(data: Path) -> Path:
    """The tiny data, with solutions and meetings that are long enough."""
    write_jsonl(data / "gsm8k" / "train.jsonl", [{"question": "How many?", "answer": f"{STEPS}\n#### 8"}] * 3)
    queries = [
        {
            "query": f"What of item {number}?",
            "answer": f"Item {number} is due. It costs {number}.",
            "relevant_text_span": [],
        }
        for number in range(4)
    ]
    turns = [{"speaker": "A", "content": "Yes ."}]
    write_jsonl(data / "qmsum" / "val.jsonl", [{"specific_query_list": queries, "meeting_transcripts": turns}])
    return data


@pytest.mark.parametrize("name", SETS)
def test_the_whole_answer_scores_one_and_nothing_scores_nought(answers: Path, name: str) -> None:
    """And no number of it is altered."""
    for sample in SETS[name](Draw(answers, 3)):
        whole, nothing = tighten._score(sample, sample.text), tighten._score(sample, "")
        assert (whole["facts"].share, nothing["facts"].share, whole["unaltered"].share) == (1, 0, 1)
        assert "<<" not in sample.text


def test_every_set_and_every_structure_is_in_the_report(answers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what became of the answers, and nothing altered or broken."""
    monkeypatch.setattr(tighten, "_MADE", 2)
    loads = {name: lambda draw, load=load: load(replace(draw, split=None)) for name, load in SETS.items()}
    monkeypatch.setattr(tighten, "SETS", loads)
    report = tighten.measure(Draw(answers, 2), ("tighten", "sentences"))
    assert {point["set"] for point in report.data["points"]} == set(SETS)
    assert all(one["altered"] == 0 and sum(one["how"].values()) <= 1 for one in report.data["became"])
    assert [one["broken"] for one in report.data["structures"]] == [0, 0, 0, 0]
    assert len(report.tables) == 3


def test_an_altered_word_is_seen() -> None:
    """And one out of order; marks of gaps are none."""
    assert tighten._altered("One two three.", "One three.") == 0
    assert tighten._altered("- one\n- two", "- one\n- …") == 0
    assert tighten._altered("One two three.", "One four.") == 1
    assert tighten._altered("One two three.", "three. One") == 1


def test_unknown_methods_are_refused(data: Path) -> None:
    """With those that are known."""
    with pytest.raises(SettingsError, match="known: tighten"):
        tighten.measure(Draw(data, 1), ("shorten",))


def test_a_known_document_is_measured(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first time, with another question, and the same again."""
    monkeypatch.setattr(fragments, "_PASSAGES", (8,))
    monkeypatch.setattr(fragments.nq, "load", lambda draw, load=fragments.nq.load: load(replace(draw, split=None)))
    (row,) = fragments.measure(Draw(data, 3), ()).data["rows"]
    assert row["n"] == 3
    assert row["the same again"] < row["first time"]
