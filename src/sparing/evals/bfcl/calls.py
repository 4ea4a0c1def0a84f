"""Whether a gold call is valid under a definition, and whether what its values look like is still said.

Written for this measurement alone: it shares no code with the reducer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sparing.evals.bfcl.questions import GoldCall

_PYTHON: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": (list, tuple),
    "object": dict,
    "null": type(None),
}
# What tells how a value is to be written: quotations, numbers, what follows "e.g." and its kin, a unit or a format.
_HINTS = re.compile(
    r"""'([^'\n]{1,60})'(?!\w)|"([^"\n]{1,60})"|\b(\d(?:[\w.:/-]*\w)?)"""
    r"""|\b(?:e\.g\.?|for example|such as|formats?|format of|between|one of|either)[,:]?\s+(?:the\s+)?([\w/%°$-]+)"""
    r"""|\bin\s+(\w+s|percent(?:age)?|(?!an\b|the\b)[a-zµ]{2,3})\b"""
)


def is_expressible(call: GoldCall, tools: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a definition of that name is there and admits the call: every argument with one of its right values."""
    schema = next((t["function"]["parameters"] for t in tools if t["function"]["name"] == call.name), None)
    return schema is not None and _admits_members(schema, call.arguments)


def _admits_members(schema: Mapping[str, Any], members: Mapping[str, Any]) -> bool:
    properties = schema.get("properties") or {}
    chosen = {name: [v for v in _alternatives(of) if v != ""] for name, of in members.items()}
    may_be_missing = {name for name, of in members.items() if "" in _alternatives(of)}
    if any(
        name not in chosen or (not chosen[name] and name not in may_be_missing) for name in schema.get("required", ())
    ):
        return False
    return all(
        name in properties and any(_admits(properties[name], value) for value in values)
        for name, values in chosen.items()
        if values
    )


def _alternatives(of: Any) -> Sequence[Any]:
    return of if isinstance(of, list) else [of]


def _admits(schema: Mapping[str, Any], value: Any) -> bool:
    """Type, enum, items and members; the leaderboard's gold gives members of objects as lists of alternatives."""
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        return False
    if "enum" in schema and not isinstance(value, list | dict) and value not in schema["enum"]:
        return False
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return all(_admits(schema["items"], one) for one in value)
    if isinstance(value, dict) and "properties" in schema:
        return _admits_members(schema, value)
    return True


def _is(value: Any, kind: str) -> bool:
    expected = _PYTHON.get(kind)
    if expected is None:
        return True
    return isinstance(value, expected) and (kind == "boolean" or not isinstance(value, bool))


def hints(tool: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """What the description of a parameter says about how its values are written, each once."""
    text = _parameter(tool, name).get("description", "")
    found = (next(filter(None, groups)) for groups in _HINTS.findall(text))
    return tuple(dict.fromkeys(found))


def still_said(tool: Mapping[str, Any], name: str, hint: str) -> bool:
    """Whether the definition of a parameter says it, in its description or in its values."""
    parameter = _parameter(tool, name)
    said = [parameter.get("description", ""), *_leaves(parameter.get("enum")), *_leaves(parameter.get("default"))]
    return any(hint.lower() in one.lower() for one in said)


def _parameter(tool: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = tool["function"]["parameters"].get("properties", {}).get(name, {})
    return found if isinstance(found, dict) else {}


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif value is not None:
        yield value if isinstance(value, str) else json.dumps(value)
