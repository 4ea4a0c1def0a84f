"""Answer `sparing_find_tools`: the tools that a request left out, declared once the model asks for them.

What is found is declared in the very bytes in which a later turn sends it (`toolset.plan`), behind all other tools, so
that the model calls it like any other and the client sees nothing but that call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sparing.core.span import Kind, Prompt
from sparing.core.wire import Wire
from sparing.finish.own_calls import Given, Handler
from sparing.receive.added_tools import insert_tools
from sparing.toolset.search import find_tools, name_of

NO_MATCH = "No other tool matches this. What was found before is among your tools."


def find_handler(left_out: Sequence[str]) -> Handler:
    """What answers calls of `sparing_find_tools` within one answer to the client; it gives each tool once.

    Args:
        left_out: Definitions as they are to be declared.
    """
    definitions = {name_of(definition): definition for definition in left_out}

    def answer(arguments: Mapping[str, Any], prompt: Prompt) -> Given:
        query = arguments.get("query")
        schemas = {span.tool: span.text for span in prompt.spans if span.kind is Kind.TOOL_SCHEMA}
        waiting = {name: schemas[name] for name in definitions if name in schemas}
        found = find_tools(waiting, query if isinstance(query, str) else "")
        if not found:
            return Given(NO_MATCH)
        told = f"Now among your tools: {', '.join(found)}."
        return Given(told, tuple(definitions.pop(name) for name in found))

    return answer


def declared(body: bytes, wire: Wire, definitions: Sequence[str]) -> bytes:
    """The body with these definitions behind its tools."""
    if not definitions:
        return body
    prompt = wire.parse(body)
    return wire.apply(prompt, (), insert_tools(prompt, definitions))
