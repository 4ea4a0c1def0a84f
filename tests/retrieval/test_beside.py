"""Passages beside the newest question: in every wire format, before its words, and nothing else moves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing import registry
from sparing.core.budget import Budget, Mode
from sparing.core.wire import Wire
from sparing.pipeline import reduce_body
from sparing.retrieval.beside import asked_in, beside
from sparing.settings import PolicySettings

PASSAGES = "[1] a.md, lines 1-2\nThe vault is “blue”.\n\n"
NAMES = ("openai.chat", "openai.responses", "anthropic.messages", "gemini")


def wire_of(name: str) -> Wire:
    wire: Wire = registry.load("wires", name)
    return wire


def body_of(name: str, *texts: str) -> bytes:
    """A conversation in which the user speaks first and last."""
    turns: list[dict[str, Any]] = []
    for number, text in enumerate(texts):
        theirs = number % 2
        if name == "gemini":
            turns.append({"role": "model" if theirs else "user", "parts": [{"text": text}]})
        else:
            turns.append({"role": "assistant" if theirs else "user", "content": text})
    field = {"openai.responses": "input", "gemini": "contents"}.get(name, "messages")
    return json.dumps({"model": "gpt-4o", field: turns, "temperature": 0.5}).encode()


texts = st.lists(st.text(min_size=1, max_size=40).filter(str.strip), min_size=1, max_size=5).filter(
    lambda t: len(t) % 2
)


@given(st.sampled_from(NAMES), texts)
def test_nothing_but_the_newest_question_changes(name: str, said: list[str]) -> None:
    """The body with the passages is the body, with that one string written anew."""
    body, wire = body_of(name, *said), wire_of(name)
    asked = asked_in(wire.parse(body))
    assert asked is not None
    assert asked.question == said[-1].strip()
    sent = beside(body, wire, asked, PASSAGES)
    expected = json.loads(body_of(name, *said[:-1], PASSAGES + said[-1]))
    assert json.loads(sent) == expected
    before = body.rfind(json.dumps(said[-1]).encode())
    assert sent[:before] == body[:before]


@pytest.mark.parametrize("name", NAMES)
def test_material_that_is_pasted_is_no_part_of_the_question(name: str) -> None:
    """The passages stand between it and the words."""
    log = "\n".join(f"line {number} of a long log that somebody pasted" for number in range(60))
    body, wire = body_of(name, f"{log}\n\nWhy did it fail?"), wire_of(name)
    asked = asked_in(wire.parse(body))
    assert asked is not None
    assert asked.question == "Why did it fail?"
    sent = wire.parse(beside(body, wire, asked, PASSAGES)).spans[-1].text
    assert sent == f"{log}\n\n{PASSAGES}Why did it fail?"


@pytest.mark.parametrize("name", NAMES)
def test_a_reduced_request_gets_them_at_the_same_words(name: str) -> None:
    """What is said stays as it is said, whatever becomes of the material before it."""
    prose = " ".join(f"Paragraph {n} tells of the harbour, its cranes, and ship number {n * 7}." for n in range(300))
    body, wire = body_of(name, f"{prose}\n\nWhich ship is in paragraph 50?"), wire_of(name)
    reduced = reduce_body(body, wire, PolicySettings(effort="max"), Budget(), Mode.ON).body
    assert len(reduced) < len(body)
    asked = asked_in(wire.parse(body))
    assert asked is not None
    sent = wire.parse(beside(reduced, wire, asked, PASSAGES)).spans[-1].text
    assert sent == wire.parse(reduced).spans[-1].text.replace("Which ship", f"{PASSAGES}Which ship")


def test_a_question_counts_until_the_next_one() -> None:
    """While tools are called it is the newest that was asked; where nobody says anything there is none."""
    wire = wire_of("openai.chat")
    call = {"id": "t", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "Where is it?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "t", "content": "not here"},
    ]
    asked = asked_in(wire.parse(json.dumps({"messages": messages}).encode()))
    assert asked is not None
    assert asked.question == "Where is it?"
    assert asked_in(wire.parse(json.dumps({"messages": messages[1:]}).encode())) is None
