"""Reading a model's answer, in every wire format, as events or whole."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import call

from sparing.generate.draft import read_draft
from sparing.testing.models import FakeModel

WIRES = ("openai.chat", "openai.responses", "anthropic.messages", "gemini")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("wire", WIRES)
async def test_words_and_end(wire: str, stream: bool) -> None:
    """The text once, and that it is complete."""
    answer = await FakeModel("Paris is the capital.").send(call(wire=wire, stream=stream))
    body = b"".join([chunk async for chunk in answer.chunks()])
    draft = read_draft(wire, body)
    assert draft.text == "Paris is the capital."
    assert draft.ended == "stop"


@pytest.mark.parametrize(
    ("wire", "body", "ended"),
    [
        ("openai.chat", b'{"choices":[{"message":{"content":"a"},"finish_reason":"length"}]}', "length"),
        ("openai.chat", b'{"choices":[{"message":{"tool_calls":[{}]},"finish_reason":"stop"}]}', "calls"),
        ("openai.chat", b'{"choices":[{"message":{"content":""},"finish_reason":"content_filter"}]}', "content_filter"),
        ("anthropic.messages", b'{"content":[{"type":"text","text":"a"}],"stop_reason":"max_tokens"}', "length"),
        ("anthropic.messages", b'data: {"type":"message_delta","delta":{"stop_reason":"tool_use"}}', "calls"),
        ("openai.responses", b'{"status":"incomplete","output":[]}', "length"),
        ("openai.responses", b'{"status":"completed","output":[{"type":"function_call"}]}', "calls"),
        ("gemini", b'{"candidates":[{"finishReason":"MAX_TOKENS"}]}', "length"),
        ("gemini", b'{"candidates":[{"content":{"parts":[{"functionCall":{}}]},"finishReason":"STOP"}]}', "calls"),
        ("gemini", b'{"candidates":[{"finishReason":"SAFETY"}]}', "SAFETY"),
    ],
)
def test_other_ends(wire: str, body: bytes, ended: str) -> None:
    """Cut off, calling tools, stopped by a filter."""
    assert read_draft(wire, body).ended == ended


def test_chances_of_tokens() -> None:
    """Where the caller asked for them."""
    tokens = b'{"content":[{"token":"a","logprob":-0.5},{"token":"b","logprob":0}]}'
    draft = read_draft("openai.chat", b'{"choices":[{"message":{"content":"ab"},"logprobs":' + tokens + b"}]}")
    assert draft.logprobs == [-0.5, 0.0]
    assert math.isfinite(sum(draft.logprobs))


@given(st.sampled_from(WIRES), st.binary(max_size=60) | st.sampled_from([b'{"choices":[null]}', b'{"content":3}', b'{"output":[[]]}', b'{"candidates":[{"content":[]}]}', b'data: {"delta":[]}\n']))  # fmt: skip
def test_what_cannot_be_read_says_nothing(wire: str, body: bytes) -> None:
    """Nothing is raised."""
    assert read_draft(wire, body).text == ""
