"""Left-out tools are found by what they are about and called through a wrapper that the client never sees."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.errors import RequestError
from sparing.toolset.search import CALL, RealCall, find_tools, real_call, search_tools, wrapped_call

_SCHEMA = {"type": "object", "properties": {"cityName": {"type": "string"}}, "required": ["cityName"]}
WEATHER = {"name": "forecast", "description": "How warm it will be.", "input_schema": _SCHEMA}
MUSIC = {"type": "function", "function": {"name": "play_song", "description": "Plays music.", "parameters": _SCHEMA}}
GEMINI = {
    "functionDeclarations": [{"name": "book_hotel", "parameters": _SCHEMA}, {"name": "rent_car", "parameters": {}}]
}
SCHEMAS = [json.dumps(one) for one in (WEATHER, MUSIC, GEMINI)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("play some music", ["play_song"]),
        ("rent_car, forecast", ["rent_car", "forecast"]),
        ("a room for the night", ["book_hotel"]),
        ("quantum gravity", []),
    ],
)
def test_tools_are_found(query: str, found: list[str]) -> None:
    """By name, by words, by what people call it; in one form whatever the request's."""
    answer = json.loads(find_tools(SCHEMAS, query))
    assert sorted(one["name"] for one in answer) == sorted(found)
    assert all(set(one) <= {"name", "description", "parameters"} for one in answer)


def test_no_more_than_asked_for() -> None:
    """The best ones first, at most so many."""
    answer = json.loads(find_tools(SCHEMAS, "city name, music song", num=2))
    assert answer[0] == {"name": "play_song", "description": "Plays music.", "parameters": _SCHEMA}
    assert len(answer) == 2


def test_the_offered_tools_are_valid() -> None:
    """Both have an object schema, and the search lists every name."""
    find, call = search_tools(["forecast", "rent_car"])
    assert "forecast, rent_car" in find.description
    assert call.name == CALL
    for tool in (find, call):
        assert json.loads(tool.parameters)["type"] == "object"


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers() | st.none(), max_size=4))
def test_a_call_comes_back_as_it_was(arguments: dict[str, object]) -> None:
    """Wrapping and unwrapping a call are each other's inverse, to the letter."""
    call = RealCall("rent_car", json.dumps(arguments))
    assert real_call(wrapped_call(call), SCHEMAS) == call
    text = json.dumps({"name": "rent_car", "arguments": call.arguments})
    assert real_call(text, SCHEMAS) == call


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{"name": "steal_car", "arguments": {}}', "no tool is called 'steal_car'"),
        ('{"name": "rent_car", "arguments": [1]}', "must be an object"),
        ('{"name": "rent_car", "arguments": "[1"}', "that is no call"),
        ('{"arguments": {}}', "that is no call"),
        ("", "that is no call"),
    ],
)
def test_what_is_no_call_is_told_to_the_model(arguments: str, told: str) -> None:
    """The message says what to do next."""
    with pytest.raises(RequestError, match=told) as caught:
        real_call(arguments, SCHEMAS)
    assert caught.value.hint


def test_a_call_without_arguments() -> None:
    """Left out, they are none."""
    assert real_call('{"name": "rent_car"}', SCHEMAS) == RealCall("rent_car", "{}")
