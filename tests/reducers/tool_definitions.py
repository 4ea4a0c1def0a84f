"""Tool definitions for property tests, and what of a schema decides which calls are valid."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = ("city", "user_id", "description", "title", "default", "properties", "items", "required", "größe", "x")
_NOTES = {
    "description": st.sampled_from(
        [
            "",
            "The city.",
            "The ID of the user, e.g. 'u-42'. Must not be empty!",
            "Optional. One of: red, green (default is red).",
            "  Größe in Metern; höchstens 3.\n    - nicht negativ\n    - ganzzahlig\n",
            "どこの都市ですか。例：東京。",
            "A (broken bracket, e.g. this one",
            "lone \ud83d surrogate",
            "Examples:\n a\n b\n\nThe rest.",
        ]
    )
    | st.text(max_size=60),
    "title": st.sampled_from(["City", "User Id", "", "Something else"]),
    "default": st.none() | st.sampled_from(["red", 1, 2.50, True, []]),
    "$comment": st.just("for the maintainers"),
    "examples": st.just(["a", "b"]),
    "x-order": st.just(3),
}
_LEAVES: tuple[dict[str, Any], ...] = (
    {"type": "string", "enum": ["red", "green", "description"]},
    {"type": "string", "minLength": 2, "pattern": "^[a-z]+$"},
    {"type": ["string", "null"], "format": "date"},
    {"type": "integer", "minimum": 0, "exclusiveMaximum": 10},
    {"type": "number", "multipleOf": 0.5},
    {"type": "boolean"},
    {"const": {"description": "a value, not a note", "title": ""}},
    {"$ref": "#/$defs/thing"},
    {},
)


@st.composite
def _noted(draw: st.DrawFn, schema: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    notes = draw(st.fixed_dictionaries({}, optional=_NOTES))
    members = [*draw(schema).items(), *notes.items()]
    return dict(draw(st.permutations(members)))


@st.composite
def _object(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    properties = draw(st.dictionaries(st.sampled_from(NAMES), inner, max_size=4))
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if properties and draw(st.booleans()):
        schema["required"] = draw(st.lists(st.sampled_from(sorted(properties)), unique=True))
    if draw(st.booleans()):
        schema["additionalProperties"] = draw(st.booleans() | inner)
    return schema


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    return _noted(
        _object(inner)
        | st.builds(lambda items: {"type": "array", "items": items, "maxItems": 3}, inner)
        | st.builds(lambda key, of: {key: of}, st.sampled_from(["anyOf", "oneOf", "allOf", "prefixItems"]), several)
        | st.builds(lambda of: {"not": of}, inner)
    )


schemas = st.recursive(_noted(st.sampled_from(_LEAVES)), _containers, max_leaves=12)
thing = st.just({"type": "string", "maxLength": 4, "description": "A thing that others refer to.", "title": "Thing"})


@st.composite
def parameters(draw: st.DrawFn) -> dict[str, Any]:
    """The schema of a tool's arguments."""
    root = draw(_noted(_object(schemas)))
    draft = st.sampled_from([{}, {"$schema": "https://json-schema.org/draft/2020-12/schema"}])
    return {**draw(draft), **root, "$defs": {"thing": draw(thing)}}


values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 12) | st.sampled_from(["red", "blue", "", "description", 0.5, 1.25]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=8,
)
arguments = st.dictionaries(st.sampled_from(NAMES), values, max_size=4)


def wrapped(form: str, name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A definition as a provider takes it."""
    match form:
        case "openai.chat":
            inner = {"name": name, "description": description, "parameters": schema, "strict": True}
            return {"type": "function", "function": inner}
        case "openai.responses":
            return {"type": "function", "name": name, "description": description, "parameters": schema}
        case "anthropic":
            mark = {"cache_control": {"type": "ephemeral"}}
            return {"name": name, "description": description, "input_schema": schema, **mark}
        case _:
            return {"functionDeclarations": [{"name": name, "description": description, "parameters": schema}]}


FORMS = ("openai.chat", "openai.responses", "anthropic", "gemini")


def schema_of(form: str, definition: dict[str, Any]) -> dict[str, Any]:
    """The schema of the arguments in a definition of this form."""
    match form:
        case "openai.chat":
            found = definition["function"]["parameters"]
        case "openai.responses":
            found = definition["parameters"]
        case "anthropic":
            found = definition["input_schema"]
        case _:
            found = definition["functionDeclarations"][0]["parameters"]
    assert isinstance(found, dict)
    return found


_MAPS = ("properties", "$defs")


def bare(schema: Any) -> Any:
    """A schema without its notes: what decides which calls are valid."""
    if isinstance(schema, list):
        return [bare(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: bare(inner) for name, inner in value.items()}
        if key in _MAPS
        else value
        if key in ("const", "enum")
        else bare(value)
        for key, value in schema.items()
        if key not in (*_NOTES, "$schema")
    }
