"""Answers that grow longer than their policy's ceiling, in every wire format, streamed and whole."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from anthropic import Anthropic
from openai import OpenAI
from raw_client import CHAT, MESSAGES, Reply, chat, request
from running_gateway import RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen

from sparing.finish.events import data_of, split_events

Start = Callable[..., RunningGateway]
TOML = "[policies.brief]\nceiling_tokens = 40\n"
NAMED = {"x-sparing-policy": "brief"}
GEMINI = "/v1beta/models/gemini-2.5-flash"
SENTENCES = [f"This is the sentence with the number {number} of them. " for number in range(60)]
TEXT = "".join(SENTENCES)
CALL = {"id": "t1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
PATHS = {
    "chat": CHAT,
    "anthropic": MESSAGES,
    "responses": "/v1/responses",
    "gemini": f"{GEMINI}:streamGenerateContent?alt=sse",
}


class Talker:
    """A provider that says a text in pieces, as long as somebody listens.

    Attributes:
        said: Pieces that went out.
        left: Whether the other end went away before the last.
    """

    def __init__(self, pieces: list[str]) -> None:
        self.pieces, self.said, self.left = pieces, 0, False

    async def __call__(self, seen: Seen, out: Out) -> None:
        wire = next((name for name, path in PATHS.items() if path == seen.path), "gemini")
        if ":streamGenerateContent" not in seen.path and not seen.json.get("stream"):
            await out.json(whole(wire, "".join(self.pieces)))
            return
        await out.start_events()
        for event in opening(wire):
            await out.event(event, event.get("type", ""))
        for piece in self.pieces:
            await out.event(saying(wire, piece), saying(wire, piece).get("type", ""))
            self.said += 1
            await asyncio.sleep(0.002)
        for event in closing(wire, "".join(self.pieces)):
            await out.event(event, event.get("type", "") if isinstance(event, dict) else "")
        await out.end()


def whole(wire: str, text: str) -> dict[str, Any]:
    usage = {"input_tokens": 7, "output_tokens": 700}
    if wire == "chat":
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    if wire == "anthropic":
        base = {"id": "m1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn"}
        return {**base, "stop_sequence": None, "content": [{"type": "text", "text": text}], "usage": usage}
    if wire == "responses":
        return {**response("completed"), "output": [item(text)]}
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 700}}


def response(status: str) -> dict[str, Any]:
    base: dict[str, Any] = {"id": "r1", "object": "response", "created_at": 1, "model": "m", "tools": [], "output": []}
    return base | {"parallel_tool_calls": True, "tool_choice": "auto", "status": status}


def item(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "id": "i1", "role": "assistant", "status": "completed", "content": [part]}


PLACE = {"item_id": "i1", "output_index": 0, "content_index": 0}


def opening(wire: str) -> list[dict[str, Any]]:
    if wire == "anthropic":
        message = {**whole(wire, ""), "content": [], "stop_reason": None}
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        return [{"type": "message_start", "message": message}, block]
    if wire == "responses":
        part = {"type": "output_text", "text": "", "annotations": []}
        return [
            {"type": "response.created", "sequence_number": 0, "response": response("in_progress")},
            {
                "type": "response.output_item.added",
                "sequence_number": 1,
                "output_index": 0,
                "item": {**item(""), "status": "in_progress", "content": []},
            },
            {"type": "response.content_part.added", "sequence_number": 2, "part": part, **PLACE},
        ]
    return []


def saying(wire: str, piece: str) -> dict[str, Any]:
    if wire == "anthropic":
        return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
    if wire == "responses":
        return {"type": "response.output_text.delta", "sequence_number": 3, "delta": piece, "logprobs": [], **PLACE}
    if wire == "gemini":
        return {"candidates": [{"content": {"role": "model", "parts": [{"text": piece}]}, "index": 0}]}
    choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def closing(wire: str, text: str) -> list[Any]:
    if wire == "anthropic":
        delta = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}}
        usage = {"usage": {"output_tokens": 700}}
        return [{"type": "content_block_stop", "index": 0}, {**delta, **usage}, {"type": "message_stop"}]
    if wire == "responses":
        return [{"type": "response.completed", "sequence_number": 9, "response": whole(wire, text)}]
    last = {"index": 0, "delta": {}, "finish_reason": "stop"}
    return [{**saying("chat", ""), "choices": [last]}, "[DONE]"] if wire == "chat" else []


def pieces(text: str) -> list[str]:
    return [word + " " for word in text.split(" ")]


def ask(gateway: RunningGateway, wire: str, *, stream: bool, policy: bool = True) -> Reply:
    path = PATHS[wire] if stream or wire != "gemini" else f"{GEMINI}:generateContent"
    bodies: dict[str, dict[str, Any]] = {
        "chat": chat(stream=stream),
        "anthropic": chat(stream=stream, max_tokens=4000),
        "responses": {"model": "gpt-4o", "input": "hi", "stream": stream},
        "gemini": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    }
    return request(gateway.url, path, bodies[wire], NAMED if policy else {})


def texts_of(wire: str, reply: Reply) -> str:
    """All text of a stream."""
    said = ""
    for event in split_events(reply.body):
        data: Any = data_of(event)
        if not isinstance(data, dict):
            continue
        if wire == "chat":
            said += "".join(choice["delta"].get("content") or "" for choice in data["choices"])
        elif wire == "gemini":
            said += "".join(part["text"] for part in data["candidates"][0]["content"]["parts"])
        elif data["type"] == "content_block_delta":
            said += data["delta"]["text"]
        elif data["type"] == "response.output_text.delta":
            said += data["delta"]
    return said


@pytest.mark.parametrize("wire", PATHS)
def test_a_stream_ends_with_its_sentence_and_the_upstream_is_left(
    start: Start, upstream: ScriptedUpstream, wire: str
) -> None:
    """What came is the beginning of the answer; the provider is left long before its end; header and receipt tell."""
    upstream.script = talker = Talker(pieces(TEXT))
    gateway = start(toml=TOML)
    reply = ask(gateway, wire, stream=True)
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
    reply = ask(start(toml=TOML), wire, stream=False)
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
    with_ceiling = ask(gateway, wire, stream=stream)
    assert with_ceiling.body == ask(gateway, wire, stream=stream, policy=False).body
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
    assert ask(gateway, "chat", stream=True).body == ask(gateway, "chat", stream=True, policy=False).body


def test_openais_client_reads_it(start: Start, upstream: ScriptedUpstream) -> None:
    """Both of its formats come to a proper end that says why."""
    upstream.script = Talker(pieces(TEXT))
    client = OpenAI(base_url=f"{start(toml=TOML).url}/v1", api_key="k", default_headers=NAMED, max_retries=0)
    chunks = list(client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}], stream=True))
    assert chunks[-1].choices[0].finish_reason == "length"
    with client.responses.stream(model="m", input="hi") as stream:
        last = next(event for event in stream if event.type == "response.incomplete").response
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
    assert message.stop_reason == "max_tokens"
    assert 40 <= message.usage.output_tokens <= 100
