"""Tools that are left out of a request, found and called through two tools of Sparing's own.

The model asks `sparing_find_tools` for definitions and calls what it found through `sparing_call_tool`; the tools that
the request declares stay the same, so the provider's cached prefix does too. Everything here is pure: who answers the
model is told what to say, and the client sees the real call only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sparing.core.span import Tool
from sparing.errors import RequestError
from sparing.reducers.json_write import read, write
from sparing.reducers.tool_forms import at, forms
from sparing.reducers.tool_rank import rank_tools

FIND: Final = "sparing_find_tools"
CALL: Final = "sparing_call_tool"
_FIND_PARAMETERS: Final = (
    '{"type":"object","properties":{"query":{"type":"string","description":"What you want to do, or names of tools."}}'
    ',"required":["query"]}'
)
_CALL_PARAMETERS: Final = (
    '{"type":"object","properties":{"name":{"type":"string"},"arguments":{"type":"object"}}'
    ',"required":["name","arguments"]}'
)


def search_tools(left_out: Sequence[str]) -> tuple[Tool, Tool]:
    """The two tools to offer when tools of these names are left out."""
    names = ", ".join(left_out)
    find = f"Get the definitions of more tools. There are: {names}. Call them with {CALL}."
    call = f"Call a tool that {FIND} has found, with arguments as its definition says."
    return Tool(FIND, find, _FIND_PARAMETERS), Tool(CALL, call, _CALL_PARAMETERS)


def find_tools(schemas: Sequence[str], query: str, num: int = 5) -> str:
    """What `sparing_find_tools` answers.

    Args:
        schemas: Definitions of the tools that were left out, as JSON in the form of the request.
        query: The model's.
        num: Most definitions to give.
    Returns:
        A JSON array of name, description and parameters: tools that the query names first, then the best matches;
        ``[]`` when no word matches.
    """
    found = [_plain(at(tool, form.path), form.schema) for tool in map(read, schemas) for form in forms(tool)]
    texts = [write(one) for one in found]
    ranking = rank_tools(texts, query)
    named = [i for i, one in enumerate(found) if one["name"] in query]
    matching = [i for i in ranking.order if ranking.scores[i] > 0]
    return "[" + ",".join(texts[i] for i in list(dict.fromkeys(named + matching))[:num]) + "]"


def _plain(holder: dict[str, Any], schema: str) -> dict[str, Any]:
    description = {"description": holder["description"]} if "description" in holder else {}
    return {"name": holder["name"], **description, "parameters": holder[schema]}


@dataclass(frozen=True, slots=True)
class RealCall:
    """A call as the client knows it; `arguments` is the JSON text of an object, as the model spelled it."""

    name: str
    arguments: str


class _Wrapped(msgspec.Struct):
    name: str
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


def real_call(arguments: str, schemas: Sequence[str]) -> RealCall:
    """The call that the model means with a call of `sparing_call_tool`.

    Args:
        arguments: JSON text of that call's arguments.
        schemas: Definitions of the tools that were left out.
    Raises:
        RequestError: It names no such tool, or its arguments are no object; the message is written for the model.
    """
    try:
        wrapped = msgspec.json.decode(arguments, type=_Wrapped)
        inner = bytes(wrapped.arguments).decode()
        if inner.startswith('"'):  # models like to write JSON within a string
            inner = msgspec.json.decode(inner, type=str)
        if not isinstance(json.loads(inner), dict):
            raise RequestError("arguments must be an object", hint=f"see its definition with {FIND}")
    except (ValueError, RecursionError) as error:
        raise RequestError(f"that is no call: {error}", hint='give {"name": ..., "arguments": {...}}') from error
    if wrapped.name not in {form.name for tool in map(read, schemas) for form in forms(tool)}:
        raise RequestError(f"no tool is called {wrapped.name!r}", hint=f"search with {FIND}")
    return RealCall(wrapped.name, inner)


def wrapped_call(call: RealCall) -> str:
    """The arguments of `sparing_call_tool` that mean this call; the other way of `real_call`."""
    return f'{{"name":{write(call.name)},"arguments":{call.arguments}}}'
