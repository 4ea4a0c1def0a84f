"""Requests of the cascade's own making, in every wire format."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sparing.core.upstream import Call
from sparing.gateway.rewrite import add_words, vary

WORDS = 'Mind "this".'
TEXT = {"type": "text", "text": "Who?"}


def call(wire: str, **body: Any) -> Call:
    return Call(wire, "POST", "/v1/x", {}, msgspec.json.encode(body))


def user(content: object) -> dict[str, object]:
    return {"role": "user", "content": content}


SAID: list[tuple[str, dict[str, Any]]] = [
    ("openai.chat", {"messages": [user("Hi"), user("Who?")], "temperature": 0}),
    ("openai.chat", {"messages": [user([TEXT])]}),
    ("anthropic.messages", {"messages": [user("Who?")], "max_tokens": 5}),
    ("anthropic.messages", {"messages": [user([TEXT])]}),
    ("openai.responses", {"input": "Who?", "store": False}),
    ("openai.responses", {"input": [user("Who?")], "store": False}),
    ("openai.responses", {"input": [user([{"type": "input_text", "text": "Who?"}])], "store": False}),
    ("gemini", {"contents": [{"parts": [{"text": "Who?"}]}], "generationConfig": {"topK": 1}}),
    ("gemini", {"contents": [{"role": "user", "parts": [{"text": "Who?"}]}]}),
]


@pytest.mark.parametrize(("wire", "body"), SAID)
def test_words_stand_at_the_end(wire: str, body: dict[str, Any]) -> None:
    """What the provider cached is still a prefix: up to the last characters every byte is the caller's."""
    before = call(wire, **body)
    after = add_words(before, WORDS)
    assert after is not None
    said = b'Mind \\"this\\".'
    assert said in after.body
    common = next(at for at, (a, b) in enumerate(zip(before.body, after.body, strict=False)) if a != b)
    assert before.body[common:] == after.body[after.body.index(said) :][-len(before.body[common:]) :]
    assert msgspec.json.decode(after.body).keys() == body.keys()


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        ("openai.chat", {"messages": [user("Who?"), {"role": "assistant", "content": "She"}]}),
        ("openai.chat", {"messages": [user("Who?"), {"role": "tool", "content": "42"}]}),
        ("openai.chat", {"messages": [user([])]}),
        ("anthropic.messages", {"messages": [user([{"type": "tool_result", "content": "42"}])]}),
        ("openai.responses", {"input": [{"type": "function_call_output", "output": "42"}], "store": False}),
        ("openai.responses", {"input": "Who?"}),  # which is stored at the provider
        ("gemini", {"contents": [{"parts": [{"functionResponse": {"name": "f"}}]}]}),
        ("gemini", {}),
    ],
)
def test_where_there_is_no_place_for_words(wire: str, body: dict[str, Any]) -> None:
    """Behind anything but the user's own words, and where the provider would keep them."""
    assert add_words(call(wire, **body), WORDS) is None
    assert add_words(Call(wire, "POST", "/", {"content-encoding": "gzip"}, b"{}"), WORDS) is None
    assert add_words(Call(wire, "POST", "/", {}, b"{"), WORDS) is None


@pytest.mark.parametrize(("wire", "body"), SAID)
def test_answers_are_drawn(wire: str, body: dict[str, Any]) -> None:
    """At a temperature, and of all else nothing is another."""
    drawn = vary(call(wire, **body))
    assert drawn is not None
    read = msgspec.json.decode(drawn.body)
    place = read["generationConfig"] if wire == "gemini" else read
    assert place.pop("temperature") == 0.7
    if wire == "gemini" and not place:
        del read["generationConfig"]
    assert read == {key: value for key, value in body.items() if key != "temperature"}


def test_several_answers_are_not_drawn_again() -> None:
    """Nobody knows which of them is the answer."""
    assert vary(call("openai.chat", n=2)) is None
    assert vary(call("gemini", generationConfig={"candidateCount": 2})) is None
