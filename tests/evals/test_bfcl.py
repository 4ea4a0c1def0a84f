"""Gold calls are judged by the schema alone, savings by the text alone, and the report runs on other files of the kind."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from jsonl_files import write_jsonl

from sparing.errors import SettingsError
from sparing.evals.bfcl.calls import hints, is_expressible, still_said
from sparing.evals.bfcl.forms import FORMS
from sparing.evals.bfcl.openai_form import openai_tokens
from sparing.evals.bfcl.questions import GoldCall, definition, load
from sparing.evals.task import Draw
from sparing.evals.tasks.bfcl import measure

TOPICS = (
    "glacier",
    "orchestra",
    "lawsuit",
    "pancreas",
    "violin",
    "saxophone",
    "avalanche",
    "penguin",
    "volcano",
    "tulip",
)
COLOURS = ("crimson", "turquoise", "magenta", "ochre", "beige", "indigo")


def function(topic: str) -> dict[str, Any]:
    properties = {
        "name": {"type": "string", "description": f"The name of the {topic}, e.g. 'first'."},
        "size": {"type": "float", "description": "The size in meters."},
        "where": {"type": "dict", "properties": {"kind": {"type": "string", "enum": ["near", "far"]}}},
    }
    parameters = {"type": "dict", "properties": properties, "required": ["name"]}
    return {"name": f"{topic}.find", "description": f"Find a {topic} by its name.", "parameters": parameters}


TOOL = definition(function("glacier"))


def gold(**arguments: Any) -> GoldCall:
    return GoldCall("glacier_find", {"name": ["x"], **arguments})


def files(folder: Path, name: str, answers: Path) -> None:
    rows: list[dict[str, Any]] = []
    answered: list[dict[str, Any]] = []
    for i, (colour, topic) in enumerate(product(COLOURS, TOPICS)):
        said = [[{"role": "user", "content": f"How big is the {colour} {topic} called number {i}?"}]]
        name_of = f"{topic}.find_{colour}"
        rows.append({"id": f"q{i}", "question": said, "function": [{**function(topic), "name": name_of}]})
        answered.append({"id": f"q{i}", "ground_truth": [{name_of: {"name": [f"number {i}"]}}]})
    write_jsonl(folder / name, rows)
    write_jsonl(answers, answered)


def test_names_and_types_are_what_providers_take() -> None:
    """Dots and Python's types are converted, wherever they stand."""
    assert TOOL["function"]["name"] == "glacier_find"
    parameters = TOOL["function"]["parameters"]
    assert parameters["type"] == "object"
    assert parameters["properties"]["size"]["type"] == "number"
    assert parameters["properties"]["where"]["type"] == "object"


@pytest.mark.parametrize(
    ("call", "expressible"),
    [
        (gold(), True),
        (gold(size=[2, 2.5]), True),
        (gold(size=["", "large"]), False),
        (gold(size=["", 3]), True),
        (gold(size=[True]), False),
        (gold(where=[{"kind": ["near", ""]}]), True),
        (gold(where=[{"kind": ["elsewhere"]}]), False),
        (gold(colour=["red"]), False),
        (GoldCall("glacier_find", {"size": [1]}), False),
        (GoldCall("glacier_find", {"name": [""]}), True),
        (GoldCall("tulip_find", {"name": ["x"]}), False),
    ],
)
def test_expressible(call: GoldCall, expressible: bool) -> None:
    """Name, required arguments, types, enumerated values and members decide; one right value is enough."""
    assert is_expressible(call, [TOOL]) is expressible


def test_hints() -> None:
    """Quotations, examples and units count, and are found in what is left or not."""
    assert hints(TOOL, "name") == ("first",)
    assert hints(TOOL, "size") == ("meters",)
    assert hints(TOOL, "no such parameter") == ()
    bare = json.loads(FORMS["no descriptions"](TOOL))
    assert still_said(TOOL, "name", "First")
    assert not still_said(bare, "name", "first")


def test_forms_keep_what_they_say() -> None:
    """All but the bare name admit the same calls; blanks cost nothing in OpenAI's form."""
    for form, write in FORMS.items():
        assert is_expressible(
            gold(size=[1]), [{"function": {"parameters": {}, **json.loads(write(TOOL))["function"]}}]
        ) is (form != "names only")
    assert openai_tokens(json.loads(FORMS["minified"](TOOL))) == openai_tokens(TOOL)


@pytest.mark.parametrize("published", [True, False])
def test_the_report_runs_on_any_file_of_the_kind(tmp_path: Path, published: bool) -> None:
    """In the published layout and cut down; named by the option; what has no answers is left alone."""
    base = tmp_path / "bfcl"
    name = "BFCL_v4_live_simple.json" if published else "live_simple.json"
    files(base, name, base / "possible_answer" / name if published else base / "live_simple.answers.json")
    write_jsonl(base / "multi_turn_base.json", [{"id": "m0", "question": [[]]}])
    report = measure(Draw(tmp_path, 6, option="live_simple"), ())
    assert report.name == "bfcl:live_simple"
    balanced = report.data["alone"]["live_simple"]["sparing, balanced"]
    assert balanced["expressible"] == 1
    assert 0.2 < balanced["saved"] < 0.6
    sent = report.data["catalogues"]["50"]["sparing, most_tools 8"]
    assert sent["ranked_in"]["mean"] == 1
    assert sent["saved"]["mean"] > 0.5
    assert "live_simple" in report.markdown()


def test_missing_files_are_named(tmp_path: Path) -> None:
    """No data, or none of that name, says where to get it."""
    with pytest.raises(SettingsError, match="no evaluation data"):
        load(tmp_path)
    (tmp_path / "bfcl").mkdir()
    with pytest.raises(SettingsError, match="for live_simple"):
        load(tmp_path, "live_simple")
