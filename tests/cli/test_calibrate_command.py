"""`sparing calibrate`: from labels or traffic to a file that `--risk` takes."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from running_cli import Cli

from sparing.core.upstream import Call
from sparing.plan.calibration import read_calibration
from sparing.testing import FakeModel

WORDS = "harbour market timber road village school church river cellar tide quay boat winter letter bridge garden mill"


def label(number: int) -> dict[str, object]:
    """A question, the sentence that answers it, and others around it."""
    rng = random.Random(number)
    told = [f"The {' and the '.join(rng.sample(WORDS.split(), 3))} were seen on day {n}." for n in range(30)]
    needed = f"Captain Holm {number} hid the lantern in the attic."
    told.insert(rng.randrange(30), needed)
    return {"text": " ".join(told), "question": f"Where did captain Holm {number} hide it?", "needed": [needed]}


def write_labels(path: Path, size: int) -> None:
    path.write_text("".join(json.dumps(label(n)) + "\n" for n in range(size)) + "\n")


def test_labels_become_a_calibration_that_reduce_uses(cli: Cli) -> None:
    """Enough examples for 10 %, too few for 2 %, and the command says both before anyone relies on it."""
    write_labels(Path("labels.jsonl"), 60)
    done = cli("calibrate", "labels.jsonl", "--json")
    assert done.code == 0
    told = json.loads(done.out)
    curve = next(curve for curve in told["curves"] if curve["scorer"] == "prose.v1")
    assert {one["scorer"].partition("/")[0] for one in told["curves"]} == {"prose.v1"}  # once for every way of judging
    assert (curve["content"], curve["n"]) == ("prose", 60)
    assert curve["risks"]["0.02"] == {"worth": None, "kept": None}
    assert curve["risks"]["0.1"]["kept"] < 0.5
    assert told["fewest"]["0.01"] == 500
    assert read_calibration("calibration.json").sources[0].num_examples == 60
    Path("sparing.toml").write_text('[policy]\ncalibration_file = "calibration.json"\n')
    one = label(7)
    Path("doc.txt").write_text(str(one["text"]))
    kept = cli("reduce", "doc.txt", "--ask", str(one["question"]), "--risk", "0.1", "--json")
    assert json.loads(kept.out)["floor"]["num_calibrated"] == 60
    whole = cli("reduce", "doc.txt", "--ask", str(one["question"]), "--risk", "0.02")
    assert "60 calibrated texts are too few to promise 2 %: it takes at least 250" in whole.err


def test_the_table_says_what_each_risk_keeps(cli: Cli) -> None:
    """And names what is too little."""
    write_labels(Path("labels.jsonl"), 55)
    done = cli("calibrate", "labels.jsonl", "--out", "mine.json")
    assert b"too few" in done.out
    assert b"keeps" in done.out
    assert b"500 / 250 / 100 / 50" in done.out
    assert "calibration written to mine.json" in done.err


def test_traffic_labels_itself(cli: Cli) -> None:
    """A value of a result that a later call passes on was needed."""
    with Path("log.jsonl").open("w") as log:
        for number in range(4):
            rows = [{"id": f"R{number}{n:03}", "city": f"Town {n * 17 % 29}", "seats": n} for n in range(12)]
            call = {"name": "book", "arguments": json.dumps({"id": rows[5]["id"]})}
            find = {"name": "find", "arguments": "{}"}
            messages = [
                {"role": "user", "content": f"Book the {number}th room in Town 27."},
                {"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": find}]},
                {"role": "tool", "tool_call_id": "a", "content": json.dumps(rows)},
                {"role": "assistant", "tool_calls": [{"id": "b", "type": "function", "function": call}]},
                {"role": "tool", "tool_call_id": "b", "content": "done"},
            ]
            log.write(json.dumps({"model": "gpt-4o", "messages": messages}) + "\n")
    done = cli("calibrate", "log.jsonl", "--traffic", "--json")
    assert [(c["content"], c["n"]) for c in json.loads(done.out)["curves"]] == [("json_rows", 4)]


def read(call: Call) -> str:
    """An answer from the sentence that tells, or none."""
    told = "hid the lantern in the attic" in json.loads(call.body)["messages"][-1]["content"]
    return "In the attic." if told else "The text does not say."


def test_answers_label_texts(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """No label says what is needed: what changes the model's answer was."""
    reader = FakeModel(read)
    monkeypatch.setattr("sparing.cli.upstreams.make_upstreams", lambda settings: {"openai.chat": reader})
    with Path("questions.jsonl").open("w") as lines:
        for number in range(12):
            one = label(number)
            question = one["question"] if number % 2 else "Was a boat seen in the harbour?"
            lines.write(json.dumps({"text": one["text"], "question": question}) + "\n")
    done = cli("calibrate", "questions.jsonl", "--upstream", "http://127.0.0.1:1", "--model", "any", "--json")
    assert done.code == 0
    assert 12 * 2 <= len(reader.calls) <= 12 * 13
    curve = read_calibration("calibration.json").curve("prose.v1", "prose")
    assert curve is not None
    assert (curve.n, curve.lost[0], curve.lost[-1]) == (12, 6, 0)
    assert "give --upstream to compare answers" in cli("calibrate", "questions.jsonl").err


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "labels.jsonl:2 is no label"),
        ('{"text": "a"}', "missing required field `question`"),
        ('{"text": "a", "question": "b", "needed": []}', "is no label: nothing is needed"),
        ('{"text": "The cat sat.", "question": "Who?", "needed": ["dog"]}', "the text does not hold 'dog'"),
    ],
)
def test_a_line_that_is_no_label_is_named(cli: Cli, line: str, why: str) -> None:
    """With its number: nothing is fitted on half a file."""
    Path("labels.jsonl").write_text(json.dumps(label(1)) + "\n" + line + "\n")
    done = cli("calibrate", "labels.jsonl")
    assert done.code == 2
    assert why in done.err
    assert not Path("calibration.json").exists()


@pytest.mark.parametrize(("args", "why"), [((), "nothing to calibrate on"), (("--public", "x"), "takes no files")])
def test_what_cannot_be_meant_is_refused(cli: Cli, args: tuple[str, ...], why: str) -> None:
    """Neither files nor data, or both."""
    Path("x").write_text("")
    assert why in cli("calibrate", *args).err


def test_texts_without_a_ladder_say_why(cli: Cli) -> None:
    """Nothing can be left out of one sentence."""
    Path("labels.jsonl").write_text('{"text": "The cat sat.", "question": "Who?", "needed": ["cat"]}\n')
    assert "nothing could be calibrated: one sentence (1)" in cli("calibrate", "labels.jsonl").err
