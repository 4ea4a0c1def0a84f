"""Histories as they should not be: they are reduced all the same, and what is odd about them goes out as it came."""

from __future__ import annotations

import json
from typing import Any

import pytest
from talk import Message, assistant, forget, send, tool, user

from sparing.errors import BudgetExceeded
from sparing.testing import sample_texts

TEXT = max((text for texts in sample_texts().values() for text in texts), key=len) * 2
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
CALL = {"id": "c9", "type": "function", "function": {"name": "look", "arguments": '{ "page" : 9 }'}}

ODD: dict[str, list[Message]] = {
    "an orphan result": [user("Look."), {"role": "tool", "tool_call_id": "nobody", "content": TEXT}, user("And?")],
    "ids that come twice": [user("Look."), *tool(1, TEXT), *tool(1, TEXT[::-1]), assistant("Hm."), user("And?")],
    "a call without a result": [
        user("Look."),
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        user(TEXT),
    ],
    "empty turns": [user(""), assistant(""), user(""), assistant(""), *tool(1, TEXT), assistant(""), user("And?")],
    "nothing but answers": [assistant("I begin."), assistant("And go on."), assistant(TEXT)],
    "images between text": [
        {"role": "user", "content": [{"type": "text", "text": TEXT}, IMAGE, {"type": "text", "text": "What is it?"}]},
        assistant("A cat."),
        {"role": "user", "content": [IMAGE, {"type": "text", "text": "And now?"}]},
    ],
    "rules in the middle": [user(TEXT), assistant("Yes."), {"role": "system", "content": "Be brief."}, user("Why?")],
    "the same words again and again": [m for n in range(6) for m in (user(f"{TEXT}\n\nWhy?"), assistant("So."))],
    "an answer begun": [user(f"{TEXT}\n\nWhy?"), assistant("Because")],
}


@pytest.mark.parametrize("messages", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("options", [{}, {"effort": "max"}, {"recall": True}, {"budget": 2_000}])
def test_odd_histories(messages: list[Message], options: dict[str, Any]) -> None:
    """The same messages in the same order, calls to the letter, never larger but for a tool of ours."""
    if options.get("budget") and messages is ODD["nothing but answers"]:
        with pytest.raises(BudgetExceeded):
            send(messages, **options)
        return
    forget()
    sent = send(messages, **options)
    out = json.loads(sent.body)["messages"]
    assert [m["role"] for m in out] == [m["role"] for m in messages]
    assert [m.get("tool_calls") for m in out] == [m.get("tool_calls") for m in messages]
    assert [m.get("tool_call_id") for m in out] == [m.get("tool_call_id") for m in messages]
    assert _images(out) == _images(messages)
    if not options.get("recall"):
        assert sent.receipt.tokens_after <= sent.receipt.tokens_before


def _images(messages: list[Message]) -> list[Any]:
    parts = [m["content"] for m in messages if isinstance(m["content"], list)]
    return [part for content in parts for part in content if part["type"] != "text"]


def test_thinking_blocks_are_never_touched() -> None:
    """What a model thought, signed or not, goes back to it byte for byte, whatever is reduced around it."""
    thought = {"type": "thinking", "thinking": TEXT, "signature": "c2ln"}
    hidden = {"type": "redacted_thinking", "data": "ZGF0YQ=="}
    use = {"type": "tool_use", "id": "t1", "name": "look", "input": {"page": 1}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": TEXT}
    messages = [
        user("Look it up."),
        {"role": "assistant", "content": [thought, hidden, use]},
        {"role": "user", "content": [result, {"type": "text", "text": "What does it say of payments?"}]},
    ]
    out = json.loads(send(messages, wire="anthropic.messages", effort="max").body)["messages"]
    assert out[1] == messages[1]
    assert len(out[2]["content"][0]["content"]) < len(TEXT)


def test_a_model_without_a_price_is_counted_all_the_same() -> None:
    """Nothing depends on a price row being there."""
    forget()
    talk = [user("Look."), *tool(1, TEXT), assistant("Hm."), user("What does it say of payments?")]
    named, unnamed = (send(talk, model=model).receipt for model in ("gpt-4o", "o200k-of-nobody"))
    assert (named.tokens_before, named.tokens_after) == (unnamed.tokens_before, unnamed.tokens_after)
