"""Answers that are tightened on their way, in every wire format, streamed and whole."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from anthropic import Anthropic
from google.genai import Client
from google.genai.types import HttpOptions
from openai import OpenAI
from raw_client import Reply, open_socket
from running_gateway import RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen
from talker import CALL, PATHS, TEXT, Talker, ask, closing, opening, pieces, saying, texts_of

from sparing.errors import SettingsError
from sparing.finish.events import data_of, split_events
from sparing.handles import handle_of
from sparing.testing.sample_answer import answer

Start = Callable[..., RunningGateway]
pytestmark = pytest.mark.usefixtures("warm")
TOML = '[policies.brief]\nceiling_tokens = 240\noverrun = "tighten"\n'
NAMED = {"x-sparing-policy": "brief"}
ANSWER = answer().strip()
QUESTION = "Can I return a hat that was on sale?"
LAST = "In short: 30 days, with the receipt, and not if it was on sale."


def text_of(wire: str, body: Any) -> str:
    """The text of a whole answer."""
    match wire:
        case "chat":
            return str(body["choices"][0]["message"]["content"])
        case "anthropic":
            return str(body["content"][0]["text"])
        case "responses":
            return str(body["output"][0]["content"][0]["text"])
        case _:
            return str(body["candidates"][0]["content"]["parts"][0]["text"])


def asked(gateway: RunningGateway, wire: str, *, stream: bool, headers: dict[str, str] = NAMED) -> Reply:
    return ask(gateway, wire, stream=stream, headers=headers, says=QUESTION)


def is_made_of(short: str, whole: str) -> bool:
    """Whether each word of an answer is one of the other's, in order; marks of gaps aside."""
    words = iter(whole.split())
    return all(word in words for word in short.split() if word not in ("…", "-", "|"))


@pytest.mark.parametrize("wire", PATHS)
def test_a_stream_begins_as_it_comes_and_ends_tightened(start: Start, upstream: ScriptedUpstream, wire: str) -> None:
    """Its first half passes, the rest comes at the end, shorter; usage and ending are the provider's own."""
    upstream.script = talker = Talker(pieces(ANSWER))
    gateway = start(toml=TOML)
    reply = asked(gateway, wire, stream=True)
    said = texts_of(wire, reply)
    assert is_made_of(said, ANSWER)
    assert ANSWER.startswith(said[:200])
    assert LAST in said
    assert "print(label.url)" in said
    assert talker.said == len(talker.pieces)
    receipt = gateway.recorder.wait_for(1)[0]
    assert receipt.overrun == "tightened"
    assert receipt.shown_tokens <= 240 < receipt.said_tokens
    assert receipt.usage_output_tokens == 700
    assert b"stop" in reply.body.lower() or b"completed" in reply.body or b"end_turn" in reply.body


@pytest.mark.parametrize("wire", PATHS)
def test_a_whole_answer_changes_in_its_text_alone(start: Start, upstream: ScriptedUpstream, wire: str) -> None:
    """Header and receipt say what became of it; usage, ids and the reason for its end stay."""
    upstream.script = Talker(pieces(ANSWER))
    gateway = start(toml=TOML)
    reply, plain = asked(gateway, wire, stream=False), asked(gateway, wire, stream=False, headers={})
    short, whole = text_of(wire, reply.json), text_of(wire, plain.json)
    assert is_made_of(short, whole)
    assert LAST in short
    places = [
        json.dumps(body.json).replace(json.dumps(text)[1:-1], "") for body, text in ((reply, short), (plain, whole))
    ]
    assert places[0] == places[1]
    told = reply.header("x-sparing-answer") or ""
    assert told.startswith("tightened, ")
    receipt = gateway.recorder.wait_for(2)[0]
    assert f"{receipt.said_tokens} -> {receipt.shown_tokens} tokens" in told
    assert reply.header("x-sparing-full-answer") is None


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("wire", PATHS)
@pytest.mark.parametrize("text", [json.dumps({"text": TEXT}), "```\n" + TEXT + "\n```", "Short. And done.", TEXT[:900]])
def test_what_may_not_be_touched_is_byte_for_byte_the_same(
    start: Start, upstream: ScriptedUpstream, text: str, wire: str, stream: bool
) -> None:
    """JSON, code, and what is within its ceiling."""
    upstream.script = Talker(pieces(text))
    gateway = start(toml=TOML)
    assert asked(gateway, wire, stream=stream).body == asked(gateway, wire, stream=stream, headers={}).body
    assert gateway.recorder.wait_for(2)[0].overrun.partition(":")[0] in ("", "left")


@pytest.mark.parametrize("early", [0, 230])
def test_an_answer_that_calls_a_tool_passes(start: Start, upstream: ScriptedUpstream, early: int) -> None:
    """Also when the call comes after much text: what waited goes out as it came."""

    async def calling(seen: Seen, out: Out) -> None:
        await out.start_events()
        for piece in pieces(ANSWER)[:early]:
            await out.event(saying("chat", piece))
        delta = {"tool_calls": [{"index": 0, **CALL}]}
        await out.event({**saying("chat", ""), "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        for piece in pieces(ANSWER)[early:]:
            await out.event(saying("chat", piece))
        for event in closing("chat", ANSWER):
            await out.event(event)
        await out.end()

    upstream.script = calling
    gateway = start(toml=TOML)
    assert asked(gateway, "chat", stream=True).body == asked(gateway, "chat", stream=True, headers={}).body


def test_a_stream_that_breaks_gives_what_came(start: Start, upstream: ScriptedUpstream) -> None:
    """What waited goes out before the error is told."""

    async def breaking(seen: Seen, out: Out) -> None:
        await out.start_events()
        for piece in pieces(ANSWER):
            await out.event(saying("chat", piece))
        out.writer.close()

    upstream.script = breaking
    reply = asked(start(toml=TOML), "chat", stream=True)
    events = list(split_events(reply.body))
    assert b"error" in events[-1]
    said = "".join(
        data["choices"][0]["delta"]["content"] for one in events[:-1] if isinstance(data := data_of(one), dict)
    )
    assert said.strip() == ANSWER


def test_the_first_token_does_not_wait(start: Start, upstream: ScriptedUpstream) -> None:
    """The beginning is with the caller while the model still talks; a caller who leaves then takes the upstream along."""
    left = threading.Event()

    async def slow(seen: Seen, out: Out) -> None:
        await out.start_events()
        with suppress(ConnectionError):  # closed before the last piece
            for piece in pieces(ANSWER)[:40]:
                await out.event(saying("chat", piece))
        if await out.gone():
            left.set()

    upstream.script = slow
    gateway = start(toml=TOML)
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": QUESTION}]}).encode()
    with open_socket(gateway.url) as client:
        head = f"POST {PATHS['chat']} HTTP/1.1\r\nhost: x\r\nx-sparing-policy: brief\r\n"
        client.sendall(f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        seen = b""
        while b"bought" not in seen:
            seen += client.recv(65536)
    receipt = gateway.recorder.wait_for(1)[0]
    assert receipt.error == "the caller disconnected"
    assert left.wait(10)


def test_what_cannot_be_tightened_is_ended_or_left(start: Start, upstream: ScriptedUpstream) -> None:
    """Where the guard lets nothing go: the reason for the end says so in every format, and the receipt why."""
    text = "".join(f"It is **{number} EUR** for the part of that name. " for number in range(60))
    gateway = start(toml=TOML.replace("240", "60"))
    for number, wire in enumerate(PATHS, 1):
        upstream.script = Talker(pieces(text))
        reply = asked(gateway, wire, stream=True)
        assert texts_of(wire, reply).strip() == text.strip()
        receipt = gateway.recorder.wait_for(number)[number - 1]
        assert receipt.overrun.startswith("left: ")
        assert "a figure that it stresses would go" in receipt.overrun


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("wire", PATHS)
def test_an_answer_that_is_ended_says_so(start: Start, upstream: ScriptedUpstream, wire: str, stream: bool) -> None:
    """Steps are never parted; where they leave no room, the answer ends after one, with the format's own reason."""
    steps = "\n".join(f"{number}. Turn the screw with the number {number} to the left." for number in range(1, 60))
    upstream.script = Talker(pieces(f"This is how it is done. It takes a while:\n\n{steps}\n\n" + "Go on. " * 3))
    gateway = start(toml=TOML.replace("240", "60"))
    reply = ask(gateway, wire, stream=stream, headers=NAMED, says="")
    receipt = gateway.recorder.wait_for(1)[0]
    assert receipt.overrun.partition(":")[0] in ("tightened", "stopped")
    if receipt.overrun.startswith("stopped"):
        assert any(reason in reply.body for reason in (b'"length"', b"max_tokens", b"max_output_tokens", b"MAX_TOKENS"))


def test_all_of_it_is_kept_where_texts_are(start: Start, upstream: ScriptedUpstream) -> None:
    """Under the handle that header and receipt name, for whoever asked."""
    kept: list[str] = []

    class Elided:
        dropped = failed = 0

        def start(self) -> None: ...

        def close(self) -> None: ...

        def put(self, tenant: str, texts: tuple[str, ...]) -> None:
            kept.extend(texts)

        def get(self, tenant: str, handle: str) -> str | None:
            return None

    upstream.script = Talker(pieces(ANSWER))
    gateway = start(toml=TOML, elided=Elided())
    reply = asked(gateway, "chat", stream=False)
    assert [text.strip() for text in kept] == [ANSWER]
    assert reply.header("x-sparing-full-answer") == handle_of(kept[0])
    assert gateway.recorder.wait_for(1)[0].full_answer == handle_of(kept[0])


def test_leaving_it_only_tells(start: Start, upstream: ScriptedUpstream) -> None:
    """The answer is what it is without a policy; the receipt says how long it came."""
    upstream.script = Talker(pieces(ANSWER))
    gateway = start(toml=TOML.replace("tighten", "leave"))
    for stream in (True, False):
        assert asked(gateway, "chat", stream=stream).body == asked(gateway, "chat", stream=stream, headers={}).body
    receipts = gateway.recorder.wait_for(4)
    assert receipts[0].overrun == receipts[2].overrun == "left: the policy leaves it"
    assert receipts[0].said_tokens > 240


def test_openais_client_reads_it(start: Start, upstream: ScriptedUpstream) -> None:
    """Both formats come to their own end, with the tightened text in every place that tells it, and the usage."""
    upstream.script = Talker(pieces(ANSWER))
    client = OpenAI(base_url=f"{start(toml=TOML).url}/v1", api_key="k", default_headers=NAMED, max_retries=0)
    messages: Any = [{"role": "user", "content": QUESTION}]
    options: Any = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = list(client.chat.completions.create(model="m", messages=messages, **options))
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 700
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    with client.responses.stream(model="m", input=QUESTION) as stream:
        last = stream.get_final_response()
    client.close()
    assert last.status == "completed"
    assert last.output_text.strip() == said.strip()
    assert last.usage is not None
    assert last.usage.output_tokens == 700
    assert is_made_of(said, ANSWER)
    assert len(said) < len(ANSWER)


def test_anthropics_client_reads_it(start: Start, upstream: ScriptedUpstream) -> None:
    """The message is whole, ended by the model, and costs what the provider says."""
    upstream.script = Talker(pieces(ANSWER))
    client = Anthropic(base_url=start(toml=TOML).url, api_key="k", default_headers=NAMED, max_retries=0)
    messages: Any = [{"role": "user", "content": QUESTION}]
    with client.messages.stream(model="m", max_tokens=4000, messages=messages) as stream:
        message = stream.get_final_message()
    client.close()
    assert (message.stop_reason, message.usage.output_tokens) == ("end_turn", 700)
    said = message.content[0].text  # type: ignore[union-attr]
    assert is_made_of(said, ANSWER)
    assert LAST in said


def test_googles_client_reads_it(start: Start, upstream: ScriptedUpstream) -> None:
    """The same for Gemini."""
    upstream.script = Talker(pieces(ANSWER))
    options = HttpOptions(base_url=start(toml=TOML).url, headers=NAMED)
    client = Client(api_key="k", http_options=options)
    chunks = list(client.models.generate_content_stream(model="gemini-2.5-flash", contents=QUESTION))
    client.close()
    said = "".join(chunk.text or "" for chunk in chunks)
    assert chunks[-1].usage_metadata is not None
    assert chunks[-1].usage_metadata.candidates_token_count == 700
    assert is_made_of(said, ANSWER)
    assert LAST in said


def test_a_policy_without_a_ceiling_tightens_nothing(start: Start) -> None:
    """It is refused when it is read."""
    with pytest.raises(SettingsError, match="overrun"):
        start(toml='[policies.brief]\noverrun = "tighten"\n')
    with pytest.raises(SettingsError, match="tighten_with"):
        start(toml='[policies.brief]\nceiling_tokens = 9\ntighten_with = "m"\n')


def test_the_openings_are_what_they_were() -> None:
    """The provider of these tests opens a stream as each format does."""
    assert [len(opening(wire)) for wire in PATHS] == [0, 2, 3, 0]
