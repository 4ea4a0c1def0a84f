"""What a request asks, read loosely: the newest words of the user, all of its text, and what form the answer must have.

For judging only, in every wire format alike; nothing is built from it. A body that cannot be read asks nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from sparing.core.upstream import Call

_READ_BYTES = 2_000_000  # a longer request is for a tier that takes it, whatever it asks
_TURNS = ("messages", "contents", "input")
_WORDS = ("text", "content", "parts", "output", "response", "input")  # keys that lead to words
_ANSWERED_BY = ("assistant", "model")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a judge of its answer sees it.

    Attributes:
        question: The newest user message.
        text: Every message and instruction.
        wants_json: Whether the answer has to be JSON.
        schema: Of that JSON, where the request has one.
        has_tools: Whether tools may be called.
        in_tool_loop: Whether it ends with what a tool answered.
        model: As the body names it.
    """

    question: str = ""
    text: str = ""
    wants_json: bool = False
    schema: dict[str, Any] | None = None
    has_tools: bool = False
    in_tool_loop: bool = False
    model: str = ""


def newest_question(call: Call) -> str:
    """The newest words of the user."""
    return read_asked(call.body).question


@lru_cache(maxsize=8)
def read_asked(body: bytes) -> Asked:
    """What a request's body asks."""
    if len(body) > _READ_BYTES:
        return Asked()
    try:
        root = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return Asked()
    if not isinstance(root, dict):
        return Asked()
    turns: Any = next((root[key] for key in _TURNS if key in root), [])
    if not isinstance(turns, list):
        turns = [{"content": turns}]
    said = [(turn.get("role", "user"), "\n".join(_words(turn))) for turn in turns if isinstance(turn, dict)]
    rules = [text for key in ("system", "instructions", "systemInstruction") for text in _words(root.get(key))]
    question = next((text for role, text in reversed(said) if role not in _ANSWERED_BY), "")
    wants_json, schema = _form(root)
    text = "\n".join([*rules, *(words for _, words in said)])
    in_loop = bool(turns) and isinstance(turns[-1], dict) and _is_result(turns[-1])
    return Asked(question, text, wants_json, schema, bool(root.get("tools")), in_loop, str(root.get("model", "")))


def _is_result(turn: dict[str, Any]) -> bool:
    """Whether a turn gives what a tool answered."""
    parts = turn.get("content", turn.get("parts"))
    inner = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return (
        turn.get("role") in ("tool", "function")
        or turn.get("type") == "function_call_output"
        or any(part.get("type") == "tool_result" or "functionResponse" in part for part in inner)
    )


def _words(value: object) -> Iterator[str]:
    """Every text under the keys that hold words, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _words(one)
    elif isinstance(value, dict):
        for key in _WORDS:
            if key in value:
                yield from _words(value[key])


def _form(root: dict[str, Any]) -> tuple[bool, dict[str, Any] | None]:
    """Whether JSON is asked for, and its schema: each provider has a place of its own for it."""
    generation = _inner(root, "generationConfig")
    places = (_inner(root, "response_format"), _inner(_inner(root, "text"), "format"), _inner(root, "output_format"))
    for place in places:
        kind = place.get("type")
        if kind in ("json_object", "json_schema"):
            schema = _inner(place, "json_schema").get("schema", place.get("schema"))
            return True, schema if isinstance(schema, dict) else None
    if generation.get("responseMimeType") == "application/json":
        schema = generation.get("responseJsonSchema")
        return True, schema if isinstance(schema, dict) else None
    return False, None


def _inner(value: dict[str, Any], key: str) -> dict[str, Any]:
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}
