"""Left-out tools are found by their names and by what they are about."""

from __future__ import annotations

import json

import pytest

from sparing.toolset.search import find_tools, name_of, search_tool

_SCHEMA = {"type": "object", "properties": {"cityName": {"type": "string"}}, "required": ["cityName"]}
TOOLS = (
    {"name": "forecast", "description": "How warm it will be.", "input_schema": _SCHEMA},
    {"type": "function", "function": {"name": "play_song", "description": "Plays music.", "parameters": _SCHEMA}},
    {"name": "book_hotel", "parameters": _SCHEMA},
    {"type": "function", "name": "rent-car.v2", "parameters": {}},
)
SCHEMAS = {name_of(text): text for text in map(json.dumps, TOOLS)}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("play some music", ["play_song"]),
        ("rent-car.v2, forecast", ["rent-car.v2", "forecast"]),
        ('["forecast"]', ["forecast"]),
        ("forecast forecast", ["forecast"]),
        ("a room for the night", ["book_hotel"]),
        ("is there a forecast of music", ["forecast", "play_song"]),
        ("forecasts", ["forecast"]),
        ("quantum gravity", []),
        ("", []),
    ],
)
def test_tools_are_found(query: str, found: list[str]) -> None:
    """A list of names gives exactly those, in its order; words the tools they match, what they name first."""
    assert find_tools(SCHEMAS, query) == found


def test_no_more_than_asked_for() -> None:
    """The best ones first, at most so many; but all that are named."""
    assert find_tools(SCHEMAS, "city name, music song", num=1) == ["play_song"]
    assert find_tools(SCHEMAS, "forecast and book_hotel", num=1) == ["forecast", "book_hotel"]


def test_the_offered_tool_is_valid() -> None:
    """It has an object schema, and lists every name."""
    tool = search_tool(list(SCHEMAS))
    assert "forecast, play_song, book_hotel, rent-car.v2" in tool.description
    assert json.loads(tool.parameters)["type"] == "object"
