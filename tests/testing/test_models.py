"""The fakes speak every wire format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from google.genai.types import GenerateContentResponse
from openai.types.responses import Response

from sparing.core.upstream import Call
from sparing.errors import UpstreamUnreachable
from sparing.testing import FakeModel, ReplayModel


def call(wire: str, *, stream: bool = False) -> Call:
    path = "/v1/messages" if wire == "anthropic.messages" else "/v1/chat/completions"
    return Call(wire, "POST", path, {}, b'{"model":"m"}', model="m", stream=stream)


async def text_of(model: FakeModel | ReplayModel, asked: Call) -> bytes:
    answer = await model.send(asked)
    return b"".join([piece async for piece in answer.chunks()])


async def test_fake_answers_in_the_callers_format() -> None:
    """A whole answer is what the provider's own client reads."""
    fake = FakeModel("hello there")
    openai = json.loads(await text_of(fake, call("openai.chat")))
    anthropic = json.loads(await text_of(fake, call("anthropic.messages")))
    assert openai["choices"][0]["message"]["content"] == "hello there"
    assert anthropic["content"][0]["text"] == "hello there"
    newer = Response.model_validate_json(await text_of(fake, call("openai.responses")))
    gemini = GenerateContentResponse.model_validate_json(await text_of(fake, call("gemini")))
    assert newer.output_text == gemini.text == "hello there"
    assert len(fake.calls) == 4


@pytest.mark.parametrize("wire", ["openai.chat", "openai.responses", "anthropic.messages", "gemini"])
async def test_fake_streams_words(wire: str) -> None:
    """A streamed answer arrives a word at a time."""
    body = await text_of(FakeModel(lambda asked: f"model {asked.model}"), call(wire, stream=True))
    assert body.count(b"data: ") >= 2
    assert b'"model "' in body


async def test_replay_needs_a_recording(tmp_path: Path) -> None:
    """What was recorded is replayed byte for byte; anything else is an error."""
    with pytest.raises(UpstreamUnreachable, match="no recorded answer"):
        await ReplayModel(tmp_path).send(call("openai.chat"))
    first = await text_of(ReplayModel(tmp_path, record_from=FakeModel("kept")), call("openai.chat"))
    assert await text_of(ReplayModel(tmp_path), call("openai.chat")) == first
