"""Streams that are ended once they are complete, in every wire format."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from raw_client import request
from running_gateway import RunningGateway
from scripted_upstream import ScriptedUpstream
from test_ceiling import PATHS, Talker

from sparing.finish.events import data_of, split_events
from sparing.generate.draft import read_draft

Start = Callable[..., RunningGateway]
TOML = '[policies.careful]\n[policies.eager]\nstop = "eager"\n[policies.off]\nstop = "off"\n'
WIRE = {"chat": "openai.chat", "anthropic": "anthropic.messages", "responses": "openai.responses", "gemini": "gemini"}
VALUE = '{"name": "The tower }", "ids": [1, 2, {"a": "\\""}]}'
COURTEOUS = "The tower is high.\n\nLet me know if you have any other questions about the tower, or about the bridge!"
ENDED = {
    "chat": ("stop",),
    "anthropic": ("stop",),
    "responses": ("stop",),
    "gemini": ("stop", ""),
}  # the stub's Gemini says none
MORE = ["\n\n", "This", " object", " names", *[" the tower"] * 40]


def body_of(wire: str, question: str, *, as_json: bool = False) -> dict[str, Any]:
    said = [{"role": "user", "content": question}]
    if wire == "chat":
        form = {"response_format": {"type": "json_object"}} if as_json else {}
        return {"model": "m", "stream": True, "messages": said, "max_tokens": 500, **form}
    if wire == "anthropic":
        form = {"output_format": {"type": "json_schema", "schema": {}}} if as_json else {}
        return {"model": "m", "stream": True, "messages": said, "max_tokens": 500, **form}
    if wire == "responses":
        form = {"text": {"format": {"type": "json_object"}}} if as_json else {}
        return {"model": "m", "stream": True, "input": said, "max_output_tokens": 500, **form}
    config = {"maxOutputTokens": 500} | ({"responseMimeType": "application/json"} if as_json else {})
    return {"contents": [{"role": "user", "parts": [{"text": question}]}], "generationConfig": config}


def pieces_of(text: str, size: int = 3) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def ask(gateway: RunningGateway, wire: str, policy: str, body: dict[str, Any]) -> tuple[str, str, bytes]:
    """Text, how it ended, and all bytes."""
    reply = request(gateway.url, PATHS[wire], body, {"x-sparing-policy": policy})
    draft = read_draft(WIRE[wire], reply.body)
    return draft.text, draft.ended, reply.body


@pytest.mark.parametrize("wire", PATHS)
def test_json_ends_behind_its_value(start: Start, upstream: ScriptedUpstream, wire: str) -> None:
    """As a whole answer, told as one; the upstream is left."""
    upstream.script = talker = Talker([*pieces_of(VALUE), *MORE])
    text, ended, raw = ask(start(toml=TOML), wire, "careful", body_of(wire, "Which tower?", as_json=True))
    assert text.rstrip() == VALUE
    assert ended == "stop"
    assert json.loads(text)
    assert talker.said < len(talker.pieces) - 10
    assert all(data_of(event) is not None for event in split_events(raw))


@pytest.mark.parametrize(
    ("question", "kept"), [("Which? Answer with the letter only.", "B"), ("Which?", "".join(["B", *MORE]))]
)
@pytest.mark.parametrize("wire", PATHS)
def test_a_label_ends_the_answer(start: Start, upstream: ScriptedUpstream, wire: str, question: str, kept: str) -> None:
    """Where it alone was asked for; elsewhere it does not."""
    upstream.script = Talker(["B", *MORE])
    text, ended, _ = ask(start(toml=TOML), wire, "careful", body_of(wire, question))
    assert text.rstrip() == kept.rstrip()
    assert ended in ENDED[wire]


@pytest.mark.parametrize(
    ("policy", "kept"), [("eager", "The tower is high."), ("careful", COURTEOUS), ("off", COURTEOUS)]
)
@pytest.mark.parametrize("wire", PATHS)
def test_a_courtesy_is_left_out(start: Start, upstream: ScriptedUpstream, wire: str, policy: str, kept: str) -> None:
    """By a policy that says so; by others it is passed on."""
    upstream.script = Talker(pieces_of(COURTEOUS))
    text, ended, _ = ask(start(toml=TOML), wire, policy, body_of(wire, "Which?"))
    assert text.rstrip() == kept
    assert ended in ENDED[wire]


@pytest.mark.parametrize("said", ["It is high.\n\nLet me know the height, then. Good.", "It is high.\n\nFeel free to"])
@pytest.mark.parametrize("wire", PATHS)
def test_what_is_held_back_for_nothing_comes_after_all(
    start: Start, upstream: ScriptedUpstream, wire: str, said: str
) -> None:
    """A paragraph that begins like a courtesy, and the end of an answer that ends in one."""
    upstream.script = Talker(pieces_of(said))
    assert ask(start(toml=TOML), wire, "eager", body_of(wire, "Which?"))[0] == said


def test_the_receipt_says_so(start: Start, upstream: ScriptedUpstream) -> None:
    """Why, after how much, and of how much that was allowed."""
    upstream.script = Talker([*pieces_of(VALUE), *MORE])
    gateway = start(toml=TOML)
    ask(gateway, "chat", "careful", body_of("chat", "Which?", as_json=True))
    stopped = gateway.recorder.wait_for(1)[0].stopped
    assert stopped.startswith("complete: its JSON is closed; ")
    assert stopped.endswith(" tokens, of 500 allowed")
