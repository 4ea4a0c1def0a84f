"""One conversation in every wire format: reduced alike, and each turn's request begins as the one before went out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sparing import registry
from sparing.core.budget import Budget, Mode
from sparing.core.span import Kind
from sparing.core.wire import Wire
from sparing.pipeline import reduce_body
from sparing.settings import PolicySettings
from sparing.testing import sample_texts

QUESTION = "Which payment was declined, and why?"
RESULTS = [text * 6 for texts in sample_texts().values() for text in sorted(texts)][::3]


def chat(results: list[str]) -> dict[str, Any]:
    messages: list[dict[str, Any]] = [{"role": "user", "content": QUESTION}]
    for turn, result in enumerate(results):
        call = {"id": f"c{turn}", "type": "function", "function": {"name": "look", "arguments": f'{{"page": {turn}}}'}}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"c{turn}", "content": result})
    return {"messages": messages}


def responses(results: list[str]) -> dict[str, Any]:
    items: list[dict[str, Any]] = [{"role": "user", "content": QUESTION}]
    for turn, result in enumerate(results):
        call = {"type": "function_call", "call_id": f"c{turn}", "name": "look", "arguments": f'{{"page": {turn}}}'}
        items += [call, {"type": "function_call_output", "call_id": f"c{turn}", "output": result}]
    return {"input": items}


def anthropic(results: list[str]) -> dict[str, Any]:
    messages: list[dict[str, Any]] = [{"role": "user", "content": QUESTION}]
    for turn, result in enumerate(results):
        call = {"type": "tool_use", "id": f"c{turn}", "name": "look", "input": {"page": turn}}
        messages.append({"role": "assistant", "content": [call]})
        answer = {"type": "tool_result", "tool_use_id": f"c{turn}", "content": result}
        messages.append({"role": "user", "content": [answer]})
    return {"messages": messages}


def gemini(results: list[str]) -> dict[str, Any]:
    contents: list[dict[str, Any]] = [{"role": "user", "parts": [{"text": QUESTION}]}]
    for turn, result in enumerate(results):
        call = {"functionCall": {"name": "look", "args": {"page": turn}}}
        contents.append({"role": "model", "parts": [call]})
        answer = {"functionResponse": {"name": "look", "response": {"output": result}}}
        contents.append({"role": "user", "parts": [answer]})
    return {"contents": contents}


WRITERS: dict[str, Callable[[list[str]], dict[str, Any]]] = {
    "openai.chat": chat,
    "openai.responses": responses,
    "anthropic.messages": anthropic,
    "gemini": gemini,
}


def sent(name: str, results: list[str]) -> bytes:
    wire: Wire = registry.load("wires", name)
    body = json.dumps({"model": "gpt-4o", **WRITERS[name](results)}).encode()
    return reduce_body(body, wire, PolicySettings(deadline_ms=60_000), Budget(), Mode.ON).body


def texts(name: str, body: bytes) -> list[str]:
    wire: Wire = registry.load("wires", name)
    return [span.text for span in wire.parse(body).spans if span.kind is Kind.TOOL_RESULT and span.literal]


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "openai.chat"])
def test_every_format_is_reduced_alike(name: str) -> None:
    """The same results become the same texts, whatever they are wrapped in."""
    expected = texts("openai.chat", sent("openai.chat", RESULTS))
    assert sum(map(len, expected)) < sum(map(len, RESULTS)) / 2
    assert texts(name, sent(name, RESULTS)) == expected


@pytest.mark.parametrize("name", WRITERS)
def test_what_was_sent_stays(name: str) -> None:
    """The request of a turn, up to its last result, is how the next one begins."""
    before = b""
    for turns in range(1, len(RESULTS) + 1):
        body = sent(name, RESULTS[:turns])
        assert body.startswith(before.rstrip(b"]}"))
        before = body


def test_a_table_that_came_as_json_stays_json() -> None:
    """Gemini's results are JSON, not text: rows are cut out of the array, and what is sent is an object again."""
    rows = [{"id": n, "name": f"user{n}", "status": "banned" if n == 77 else "active"} for n in range(400)]
    contents = gemini([""])["contents"]
    contents[0]["parts"][0]["text"] = "Which user is banned?"
    contents[-1]["parts"][0]["functionResponse"]["response"] = {"ok": True, "users": rows}
    body = json.dumps({"contents": contents}).encode()
    reduction = reduce_body(
        body, registry.load("wires", "gemini"), PolicySettings(deadline_ms=60_000), Budget(), Mode.ON
    )
    response = json.loads(reduction.body)["contents"][-1]["parts"][0]["functionResponse"]["response"]
    assert response["ok"] is True
    assert isinstance(response["users"], dict | list)
    assert '"user77"' in json.dumps(response)
    assert reduction.receipt.tokens_after < reduction.receipt.tokens_before / 2
