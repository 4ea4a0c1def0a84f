"""Where the name, the description and the parameters of a tool definition stand, in the forms that providers take."""

from __future__ import annotations

from typing import Any, NamedTuple

# OpenAI and older functions; Anthropic and MCP; Gemini.
_SCHEMAS = ("parameters", "input_schema", "inputSchema", "parametersJsonSchema", "parameters_json_schema")
_WRAPPED = "function"
_LISTS = ("functionDeclarations", "function_declarations")


class Form(NamedTuple):
    """One function within a tool definition.

    Attributes:
        path: Keys and indices from the definition to the object that holds the name.
        name: Of the function.
        schema: Key of its parameters in that object; "" for one without.
    """

    path: tuple[str | int, ...]
    name: str
    schema: str


def forms(definition: Any) -> tuple[Form, ...]:
    """The functions that a definition declares: one, or several in Gemini's lists; none in what is no function."""
    if not isinstance(definition, dict):
        return ()
    if isinstance(inner := definition.get(_WRAPPED), dict):
        return _one(inner, (_WRAPPED,))
    for key in _LISTS:
        if isinstance(inner := definition.get(key), list):
            return tuple(form for i, one in enumerate(inner) for form in _one(one, (key, i)))
    return _one(definition, ())


def _one(holder: Any, path: tuple[str | int, ...]) -> tuple[Form, ...]:
    if not isinstance(holder, dict) or not isinstance(name := holder.get("name"), str):
        return ()
    schema = next((key for key in _SCHEMAS if isinstance(holder.get(key), dict)), "")
    return (Form(path, name, schema),) if schema else ()


def at(definition: Any, path: tuple[str | int, ...]) -> Any:
    """The part of a definition at a path."""
    for step in path:
        definition = definition[step]
    return definition
