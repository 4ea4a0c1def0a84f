"""Tools that are left out of a request, found through a tool of Sparing's own.

The model asks `sparing_find_tools` for tools; whoever answers declares what was found behind the others, and the model
calls it like any other tool. Everything here is pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from sparing.core.span import Tool
from sparing.reducers.json_write import read
from sparing.reducers.tool_forms import forms
from sparing.reducers.tool_rank import rank_tools

FIND: Final = "sparing_find_tools"
_PARAMETERS: Final = (
    '{"type":"object","properties":{"query":{"type":"string","description":"Names of tools, or what you want to do."}}'
    ',"required":["query"]}'
)
_BETWEEN = re.compile(r"[^\w.:/-]+")


def search_tool(left_out: Sequence[str]) -> Tool:
    """The tool to offer when tools of these names are left out."""
    names = ", ".join(left_out)
    return Tool(
        FIND, f"Gets you more tools, which you can call next; call it by itself. There are: {names}.", _PARAMETERS
    )


def find_tools(schemas: Mapping[str, str], query: str, num: int = 5) -> list[str]:
    """Names of the tools that a query asks for.

    Args:
        schemas: Definitions of the tools that were left out, by name, as JSON in the form of the request.
        query: The model's.
        num: Most tools to find by words.
    Returns:
        Exactly those that the query names, where it is a list of names; else those that it names first, then the best
        matches; none when no word matches.
    """
    words = [word for word in _BETWEEN.split(query) if word]
    named = list(dict.fromkeys(word for word in words if word in schemas))
    if words and all(word in schemas for word in words):
        return named
    names = list(schemas)
    ranking = rank_tools(list(schemas.values()), query)
    matching = [names[i] for i in ranking.order if ranking.scores[i] > 0]
    return list(dict.fromkeys(named + matching))[: max(num, len(named))]


def name_of(schema: str) -> str:
    """The name of a tool's definition."""
    return next((form.name for form in forms(read(schema))), "")
