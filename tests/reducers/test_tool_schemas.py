"""A shorter tool definition admits the same calls, keeps its words to the letter and never grows."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tool_definitions import FORMS, arguments, bare, parameters, schema_of, wrapped

from sparing.core.ladder import Skip
from sparing.reducers.tool_schemas import shorten_tool
from sparing.settings.policy import Effort

EFFORTS: tuple[Effort, ...] = ("safe", "balanced", "max")
efforts = st.sampled_from(EFFORTS)


def shorter(definition: Any, effort: Effort = "balanced", **options: Any) -> Any:
    short = shorten_tool(json.dumps(definition), effort, **options)
    return definition if isinstance(short, Skip) else json.loads(short)


def parameter(description: str, effort: Effort = "balanced", *, name: str = "city", **schema: Any) -> str | None:
    """What is left of the description of one required parameter."""
    properties = {name: {"type": "string", "description": description, **schema}}
    tool = {"name": "get_weather", "input_schema": {"type": "object", "properties": properties, "required": [name]}}
    left = shorter(tool, effort)["input_schema"]["properties"][name].get("description")
    assert left is None or isinstance(left, str)
    return left


@given(st.sampled_from(FORMS), parameters(), st.text(max_size=80), efforts, st.lists(arguments, min_size=1, max_size=8))
@settings(max_examples=300, deadline=None)
def test_the_same_calls_are_valid(
    form: str, schema: dict[str, Any], description: str, effort: Effort, calls: list[Any]
) -> None:
    """Nothing that decides about calls changes, by comparison and by asking a validator; it is shorter, and final."""
    definition = wrapped(form, "get_city", description, schema)
    text = json.dumps(definition)
    short = shorten_tool(text, effort)
    if isinstance(short, Skip):
        return
    assert len(short) < len(text)
    assert short == shorten_tool(text, effort)
    short.encode()
    after = schema_of(form, json.loads(short))
    assert bare(after) == bare(schema)
    before = jsonschema_rs.Draft202012Validator(_without_surrogates(schema))
    assert [before.is_valid(call) for call in calls] == [
        jsonschema_rs.Draft202012Validator(_without_surrogates(after)).is_valid(call) for call in calls
    ]
    again = shorten_tool(short, "safe")
    assert isinstance(again, Skip), (short, again)


def _without_surrogates(schema: dict[str, Any]) -> Any:
    return json.loads(json.dumps(schema, ensure_ascii=False).encode("utf-8", "replace"))


@given(parameters(), efforts)
@settings(max_examples=100, deadline=None)
def test_kept_words_are_the_sources(schema: dict[str, Any], effort: Effort) -> None:
    """A shortened description is its source with stretches left out."""
    after = shorter(wrapped("anthropic", "t", "", schema), effort)["input_schema"]
    for long, short in _descriptions(schema, after):
        rest = iter(long)
        assert all(letter in rest for letter in short)


def _descriptions(before: Any, after: Any) -> list[tuple[str, str]]:
    if isinstance(before, list):
        return [pair for a, b in zip(before, after, strict=True) for pair in _descriptions(a, b)]
    if not isinstance(before, dict):
        return []
    own = [(before["description"], after["description"])] if isinstance(after.get("description"), str) else []
    return own + [pair for key in after if key != "description" for pair in _descriptions(before[key], after[key])]


def test_what_says_nothing_goes_at_every_effort() -> None:
    """Blanks, empty notes, titles that repeat the name, null defaults and the dialect go; strictness stays."""
    tool = {
        "type": "function",
        "function": {
            "name": "get_weather",
            "strict": True,
            "parameters": {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "type": "object",
                "title": "GetWeatherArgs",
                "properties": {
                    "cityName": {"type": "string", "title": "City Name", "description": ""},
                    "days": {"type": "integer", "default": None, "title": "Horizon"},
                },
                "required": ["cityName", "days"],
                "additionalProperties": False,
            },
        },
    }
    assert shorten_tool(json.dumps(tool, indent=2), "safe") == (
        '{"type":"function","function":{"name":"get_weather","strict":true,"parameters":{"type":"object","properties":'
        '{"cityName":{"type":"string"},"days":{"type":"integer","title":"Horizon"}},"required":["cityName","days"],'
        '"additionalProperties":false}}}'
    )


def test_the_dialect_stays_where_it_decides() -> None:
    """An array of item schemas means one thing in draft 7 and is no schema in 2020-12."""
    pair = {"type": "array", "items": [{"type": "string"}, {"type": "number"}]}
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {"pair": pair}}
    assert "$schema" in shorter({"name": "t", "input_schema": schema})["input_schema"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("The name of the city.", None),
        ("The city to get the weather for.", "city to get the weather for."),
        ("The city and state, e.g. San Francisco, CA", "city and state, e.g. San Francisco, CA"),
        ("The city, in the format 'City, Country'.", "in the format 'City, Country'."),
        ("The city. Must not be empty.", "Must not be empty."),
        ("A string value for the city (%).", "(%)."),
        ("The city (numeric) or its postal code.", "city (numeric) or its postal code."),
        ("The city to use (e.g. Rome).", "(e.g. Rome)."),
        ("The city (see below.", "city (see below."),
    ],
)
def test_a_required_parameter_keeps_what_its_name_does_not_say(before: str, after: str | None) -> None:
    """Openings, endings and sentences that repeat the name go; formats, examples and rules stay."""
    assert parameter(before) == after


def test_values_of_the_schema_are_not_said_twice() -> None:
    """Enumerated values and defaults that the schema has itself need no sentence; others do."""
    assert parameter("One of: red or green.", enum=["red", "green"]) is None
    assert parameter("One of: red or green.") == "One of: red or green."
    assert parameter("Defaults to red if not specified.", default="red") is None
    assert parameter("Defaults to red if not specified.") == "Defaults to red if not specified."


def test_optional_parameters_keep_less() -> None:
    """Without a cue an optional parameter is its name, where that tells; a unit, an example or a rule keeps the rest."""
    properties = {
        "color": {"type": "string", "description": "The shade that the wall shall have."},
        "width": {"type": "number", "description": "How far it reaches to the left, in meters."},
        "q": {"type": "string", "description": "What shall be painted."},
    }
    tool = {"name": "paint", "input_schema": {"type": "object", "properties": properties}}
    assert shorter(tool)["input_schema"]["properties"] == {
        "color": {"type": "string"},
        "width": {"type": "number", "description": "How far it reaches to the left, in meters."},
        "q": {"type": "string", "description": "What shall be painted."},
    }


def test_max_keeps_rules_and_the_first_clause() -> None:
    """The tool's first clause and its rules stay; the rest of its description goes."""
    text = "Searches the archive, which is large. It was built in spring. Never use it for code! Results are sorted."
    tool = {"name": "search", "description": text, "input_schema": {"type": "object", "properties": {}}}
    assert shorter(tool, "max")["description"] == "Searches the archive. Never use it for code!"
    assert shorter(tool, "safe")["description"] == text


def test_a_tools_description_is_never_empty() -> None:
    """Even where it says no more than the name: Gemini requires one."""
    tool = {"name": "get_weather", "description": "This tool gets the weather.", "input_schema": {"type": "object"}}
    for effort in EFFORTS:
        assert "weather" in shorter(tool, effort)["description"]


def test_examples_after_a_colon_stay() -> None:
    """What a kept line announces belongs to it."""
    assert parameter(
        "Which city, at most 5 letters. Examples:\nParis\nTokyo\n\nA town is smaller.\nA village too.\nAnd so on."
    ) == ("Which city, at most 5 letters. Examples:\nParis\nTokyo\n\nA town is smaller.\nA village too.")


def test_parameters_explained_in_the_tools_description_stay() -> None:
    """Docstrings explain parameters in the tool's description; those lines are all that a model is told of them."""
    text = (
        "Get a forecast.\n\nThe service is run by volunteers. It is updated often. Many people like it.\n\nArgs:\n"
        "    city: the town to look at\n    days (int): how far to look ahead\n\nReturns:\n    a text"
    )
    properties = {"city": {"type": "string"}, "days": {"type": "integer"}}
    tool = {"name": "get_forecast", "description": text, "input_schema": {"type": "object", "properties": properties}}
    for effort in EFFORTS:
        left = shorter(tool, effort)["description"]
        assert "city: the town to look at" in left
        assert "days (int): how far to look ahead" in left
    assert "Many people" not in shorter(tool)["description"]


def test_a_pinned_string_keeps_its_description() -> None:
    """A description that contains a pin stays to the letter."""
    properties = {"city": {"type": "string", "description": "The name of the city."}}
    tool = {"name": "get_weather", "input_schema": {"type": "object", "properties": properties}}
    assert shorter(tool, pins=("of the city",))["input_schema"]["properties"] == properties


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"web_search_20250305","name":"web_search"}',
        '{"type":"custom","custom":{"name":"sql","format":{"type":"text"}}}',
        '{"name":"t","name":"u","input_schema":{}}',
        '{"name":"t","input_schema":{"default":NaN}}',
        '{"name":"t","input_schema":{}}',
        "[]",
        "no JSON",
        '{"name":"t","input_schema":' + '{"items":' * 5_000 + "{}" + "}" * 5_000 + "}",
    ],
)
def test_what_cannot_be_shortened_says_why(text: str) -> None:
    """Tools without a schema, JSON of two minds, and what is as short as can be."""
    skip = shorten_tool(text, "max")
    assert isinstance(skip, Skip)
    assert skip.reason


def test_numbers_keep_their_spelling() -> None:
    """Bounds are text to us: no digit is lost."""
    text = '{"name": "t", "input_schema": {"minimum": 1.0e5, "maximum": 12345678901234567890.10, "default": -0.0}}'
    assert shorten_tool(text, "max") == text.replace(": ", ":").replace(", ", ",")


def test_a_huge_definition_takes_linear_time() -> None:
    """Thousands of properties and a description of a megabyte come back shorter, and valid."""
    properties = {
        f"field_{i}": {"type": "string", "description": f"The field {i} of the record."} for i in range(3_000)
    }
    text = "A sentence about the tool and (what it does), e.g. this. " * 5_000
    tool = {"name": "huge", "description": text, "input_schema": {"type": "object", "properties": properties}}
    after = shorter(tool)
    assert list(after["input_schema"]["properties"]) == list(properties)
