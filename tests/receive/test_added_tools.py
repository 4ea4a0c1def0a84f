"""Tools of our own stand behind the caller's, in the wire format's form, and nothing else changes."""

from __future__ import annotations

import json

import pytest

from sparing import registry
from sparing.core.span import Kind, Tool
from sparing.core.wire import Wire

RECALL = Tool("sparing_recall", 'Give back what "[…]" stands for.', '{"type":"object","properties":{}}')


@pytest.mark.parametrize("wire_name", ["openai.chat", "openai.responses", "anthropic.messages"])
@pytest.mark.parametrize("tools", [None, [], [{"name": "look", "input_schema": {}}]])
def test_tools_are_added(wire_name: str, tools: list[object] | None) -> None:
    """With or without tools in the request the added one is the last, and the rest stays as it was."""
    wire: Wire = registry.load("wires", wire_name)
    request = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi."}]}
    if tools is not None:
        request["tools"] = tools
    prompt = wire.parse(json.dumps(request).encode())
    body = wire.apply(prompt, [], wire.add_tools(prompt, [RECALL]))
    sent = json.loads(body)
    added = sent["tools"].pop()
    assert added.get("function", added)["name"] == "sparing_recall"
    assert sent == {**request, "tools": tools or []}
    schemas = [span.tool for span in wire.parse(body).spans if span.kind is Kind.TOOL_SCHEMA]
    assert schemas == [*("look" for _ in tools or ()), "sparing_recall"]
    assert wire.apply(prompt, [], wire.add_tools(prompt, [])) is prompt.raw
