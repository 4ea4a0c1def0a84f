"""Questions with the tools on offer and the gold calls, tools as an application sends them to OpenAI.

The leaderboard writes Python's types (``dict``, ``float``, ``tuple``) and dots in names; both are converted as its own
model handlers do. Every JSON-lines file of the folder that has functions and answers is read: those of the published
repository (``BFCL_v4_multiple.json`` beside ``possible_answer/``) or cut down (``multiple.json``, ``.answers.json``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparing.errors import SettingsError
from sparing.evals.data import Source, folder, read_jsonl

SOURCE = Source(
    "bfcl",
    "https://github.com/ShishirPatil/gorilla",
    "Apache-2.0",
    "berkeley-function-call-leaderboard/bfcl_eval/data/BFCL_v4_*.json with possible_answer/",
)
_TYPES = {
    **dict.fromkeys(("dict", "hashmap", "hashtable"), "object"),
    **dict.fromkeys(("float", "double"), "number"),
    **dict.fromkeys(("tuple", "list", "arraylist", "queue", "stack"), "array"),
    **dict.fromkeys(("any", "char"), "string"),
    **dict.fromkeys(("byte", "short", "long", "bigint"), "integer"),
    "bool": "boolean",
}
Tool = dict[str, Any]
"""A definition in the form of OpenAI's chat completions."""

_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True, slots=True)
class GoldCall:
    """A function and, per argument, the values that count as right; "" among them: it may be left out."""

    name: str
    arguments: Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Question:
    """What the user says, the tools on offer as OpenAI definitions, and every call that has to be made."""

    id: str
    text: str
    tools: tuple[Tool, ...]
    calls: tuple[GoldCall, ...]


def load(data_dir: Path, only: str = "") -> dict[str, list[Question]]:
    """Questions by file.

    Args:
        only: Names of files without suffix, separated by commas; all that can be used if empty.
    Raises:
        SettingsError: No data, or no such file.
    """
    base = folder(SOURCE, data_dir)
    found: dict[str, list[Question]] = {}
    for path in sorted(base.glob("*.json")):
        name = path.stem.removeprefix("BFCL_v4_")
        answers = _answers_of(path)
        if (only and name not in only.split(",")) or answers is None:
            continue
        gold = {row["id"]: row["ground_truth"] for row in read_jsonl(answers)}
        questions = [_question(row, gold[row["id"]]) for row in read_jsonl(path) if _is_usable(row, gold)]
        if questions:
            found[name] = questions
    if not found:
        raise SettingsError(f"no functions with answers in {base} for {only or 'any file'}", hint=f"get {SOURCE.get}")
    return found


def _answers_of(path: Path) -> Path | None:
    beside = (path.with_name(f"{path.stem}.answers.json"), path.parent / "possible_answer" / path.name)
    return next((one for one in beside if one.is_file()), None)


def _is_usable(row: Mapping[str, Any], gold: Mapping[str, Any]) -> bool:
    calls = gold.get(row["id"]) or ()
    return bool(row.get("function")) and all(isinstance(call, dict) for call in calls)


def _question(row: Mapping[str, Any], gold: Sequence[Mapping[str, Any]]) -> Question:
    said = [message["content"] for message in row["question"][0] if message["role"] == "user"]
    calls = tuple(GoldCall(tool_name(name), arguments) for call in gold for name, arguments in call.items())
    return Question(row["id"], "\n".join(said), tuple(map(definition, row["function"])), calls)


def tool_name(name: str) -> str:
    """The name as providers allow it: letters, digits, dash, underscore."""
    return _FOREIGN.sub("_", name)


def definition(function: Mapping[str, Any]) -> Tool:
    """OpenAI's form of one of the leaderboard's functions."""
    inner = {
        "name": tool_name(function["name"]),
        "description": function["description"],
        "parameters": _schema(function["parameters"]),
    }
    return {"type": "function", "function": inner}


def _schema(node: Any) -> Any:
    if isinstance(node, list):
        return [_schema(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _type(value) if key == "type" and isinstance(value, str) else _schema(value) for key, value in node.items()
    }


def _type(name: str) -> str:
    return _TYPES.get(name.lower(), name.lower())


def every_tool(questions: Mapping[str, Sequence[Question]]) -> dict[str, Tool]:
    """All definitions of all files by name, the first of each name."""
    tools: dict[str, Tool] = {}
    for tool in _all(questions):
        tools.setdefault(tool["function"]["name"], tool)
    return tools


def _all(questions: Mapping[str, Sequence[Question]]) -> Iterator[Tool]:
    return (tool for some in questions.values() for question in some for tool in question.tools)


def as_sent(tool: Mapping[str, Any]) -> str:
    """The JSON of a definition as an application sends it: `json.dumps` with its defaults."""
    return json.dumps(tool)


def minified(tool: Mapping[str, Any]) -> str:
    """The same without insignificant blanks."""
    return json.dumps(tool, separators=(",", ":"), ensure_ascii=False)
