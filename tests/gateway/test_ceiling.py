"""Answers that grow longer than their policy's ceiling, in every wire format, streamed and whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from anthropic import Anthropic
from openai import OpenAI
from running_gateway import RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen
from talker import CALL, PATHS, TEXT, Talker, ask, closing, pieces, saying, texts_of

Start = Callable[..., RunningGateway]
TOML = "[policies.brief]\nceiling_tokens = 40\n"
NAMED = {"x-sparing-policy": "brief"}


@pytest.mark.parametrize("wire", PATHS)
def test_a_stream_ends_with_its_sentence_and_the_upstream_is_left(
    start: Start, upstream: ScriptedUpstream, wire: str
) -> None:
    """What came is the beginning of the answer; the provider is left long before its end; header and receipt tell."""
    upstream.script = talker = Talker(pieces(TEXT))
    gateway = start(toml=TOML)
    reply = ask(gateway, wire, stream=True, headers=NAMED)
    said = texts_of(wire, reply)
    assert TEXT.startswith(said.rstrip())
    assert said.rstrip().endswith("of them.")
    assert 40 <= len(said.split()) <= 90
    assert reply.header("x-sparing-ceiling") == "40"
    assert "past its ceiling" in gateway.recorder.wait_for(1)[0].stopped
    assert talker.said < len(talker.pieces) / 2


@pytest.mark.parametrize("wire", PATHS)
def test_a_whole_answer_ends_alike(start: Start, upstream: ScriptedUpstream, wire: str) -> None:
    """Shorter, with the ending that the format has for it, and the usage that the provider told."""
    upstream.script = Talker(pieces(TEXT))
    reply = ask(start(toml=TOML), wire, stream=False, headers=NAMED)
    body = reply.json
    match wire:
        case "chat":
            said, ending = body["choices"][0]["message"]["content"], body["choices"][0]["finish_reason"]
        case "anthropic":
            said, ending = body["content"][0]["text"], body["stop_reason"]
            assert body["usage"]["output_tokens"] == 700
        case "responses":
            said, ending = body["output"][0]["content"][0]["text"], body["incomplete_details"]["reason"]
        case _:
            said, ending = body["candidates"][0]["content"]["parts"][0]["text"], body["candidates"][0]["finishReason"]
    assert TEXT.startswith(said)
    assert said.endswith("of them.")
    assert len(said) < len(TEXT) / 3
    assert ending in ("length", "max_tokens", "max_output_tokens", "MAX_TOKENS")
    assert "past its ceiling" in (reply.header("x-sparing-stopped") or "")


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("wire", PATHS)
def test_json_comes_as_it_is(start: Start, upstream: ScriptedUpstream, wire: str, stream: bool) -> None:
    """However long: the same answer as without a ceiling."""
    upstream.script = Talker(pieces(json.dumps({"text": TEXT})))
    gateway = start(toml=TOML)
    with_ceiling = ask(gateway, wire, stream=stream, headers=NAMED)
    assert with_ceiling.body == ask(gateway, wire, stream=stream, headers={}).body
    assert gateway.recorder.wait_for(2)[0].stopped == ""


def test_calls_of_tools_are_never_touched(start: Start, upstream: ScriptedUpstream) -> None:
    """Nor the text beside one that is there first."""

    async def calling(seen: Seen, out: Out) -> None:
        await out.start_events()
        delta = {"tool_calls": [{"index": 0, **CALL}]}
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        await out.event({**saying("chat", ""), "choices": [choice]})
        for piece in pieces(TEXT):
            await out.event(saying("chat", piece))
        for event in closing("chat", TEXT):
            await out.event(event)
        await out.end()

    upstream.script = calling
    gateway = start(toml=TOML)
    assert ask(gateway, "chat", stream=True, headers=NAMED).body == ask(gateway, "chat", stream=True, headers={}).body


def test_openais_client_reads_it(start: Start, upstream: ScriptedUpstream) -> None:
    """Both of its formats come to a proper end that says why."""
    upstream.script = Talker(pieces(TEXT))
    client = OpenAI(base_url=f"{start(toml=TOML).url}/v1", api_key="k", default_headers=NAMED, max_retries=0)
    chunks = list(client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}], stream=True))
    assert chunks[-1].choices[0].finish_reason == "length"
    with client.responses.stream(model="m", input="hi") as stream:
        last = next(event for event in stream if event.type == "response.incomplete").response
    client.close()
    assert last.incomplete_details is not None
    assert last.incomplete_details.reason == "max_output_tokens"
    assert last.output_text.rstrip().endswith("of them.")


def test_anthropics_client_reads_it(start: Start, upstream: ScriptedUpstream) -> None:
    """The message is whole, ends with max_tokens and counts about what was said."""
    upstream.script = Talker(pieces(TEXT))
    client = Anthropic(base_url=start(toml=TOML).url, api_key="k", default_headers=NAMED, max_retries=0)
    messages: Any = [{"role": "user", "content": "hi"}]
    with client.messages.stream(model="m", max_tokens=4000, messages=messages) as stream:
        message = stream.get_final_message()
    client.close()
    assert message.stop_reason == "max_tokens"
    assert 40 <= message.usage.output_tokens <= 100
