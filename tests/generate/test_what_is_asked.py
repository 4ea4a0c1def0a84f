"""What a request asks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.generate.asked import Asked, read_asked

SCHEMA = {"type": "object", "required": ["a"]}


def read(**body: Any) -> Asked:
    return read_asked(msgspec.json.encode(body))


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "system", "content": "Rule."}, {"role": "user", "content": "Q?"}]},
        {"system": "Rule.", "messages": [{"role": "user", "content": [{"type": "text", "text": "Q?"}]}]},
        {"instructions": "Rule.", "input": "Q?"},
        {"instructions": "Rule.", "input": [{"role": "user", "content": [{"type": "input_text", "text": "Q?"}]}]},
        {
            "systemInstruction": {"parts": [{"text": "Rule."}]},
            "contents": [{"role": "user", "parts": [{"text": "Q?"}]}],
        },
    ],
    ids=["openai.chat", "anthropic", "responses, text", "responses, items", "gemini"],
)
def test_every_wire_format(body: dict[str, Any]) -> None:
    """The question and all of the text."""
    asked = read(**body)
    assert asked.question == "Q?"
    assert asked.text == "Rule.\nQ?"


def test_the_newest_user_message_is_the_question() -> None:
    """Whatever the model said after it."""
    turns = [("user", "old"), ("assistant", "said"), ("user", "new"), ("assistant", "prefix {")]
    assert read(messages=[{"role": role, "content": text} for role, text in turns]).question == "new"


@pytest.mark.parametrize(
    "body",
    [
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}},
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}}},
        {"output_format": {"type": "json_schema", "schema": SCHEMA}},
        {"generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}},
    ],
)
def test_json_is_asked_for(body: dict[str, Any]) -> None:
    """In each provider's own place."""
    asked = read(**body)
    assert asked.wants_json
    assert asked.schema == SCHEMA


def test_tools() -> None:
    """Where some are offered."""
    assert read(tools=[{"type": "function"}]).has_tools
    assert not read(tools=[]).has_tools


@given(st.binary(max_size=40) | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(msgspec.json.encode))
def test_what_cannot_be_read_asks_nothing(body: bytes) -> None:
    """Nothing is raised."""
    assert read_asked(body).question == ""
