"""However the upstream's bytes are cut on their way, the client gets the same bytes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recalling_formats import gemini_events, responses_events
from recalling_model import THEIR_CALL, Events, Say, anthropic_events, openai_events, recall

from sparing import registry
from sparing.core.budget import Mode
from sparing.core.upstream import Call
from sparing.errors import UpstreamUnreachable
from sparing.finish.own_calls import Answering
from sparing.finish.recall import UNKNOWN, recall_handler
from sparing.gateway.controls import Controls
from sparing.gateway.exchange import Exchange
from sparing.gateway.own_calls import OwnCalls
from sparing.gateway.relay import Relay
from sparing.gateway.services import Services
from sparing.own_tools import RECALL
from sparing.pipeline import reduce_body
from sparing.record.metrics import Metrics
from sparing.settings import PolicySettings
from sparing.tokens.models import counter_for

MESSAGES = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}], "stream": true}'
BODIES = {
    "openai.chat": MESSAGES,
    "anthropic.messages": MESSAGES,
    "openai.responses": b'{"model": "gpt-4o", "input": "hi", "stream": true}',
    "gemini": b'{"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}',
}
POOL = ThreadPoolExecutor(1)
SERVICES = Services(Controls(Mode.ON, PolicySettings()), 1_000, reduce_body, Metrics(), POOL)
WIRES: dict[str, Events] = {
    "openai.chat": openai_events,
    "anthropic.messages": anthropic_events,
    "openai.responses": responses_events,
    "gemini": gemini_events,
}
TALKS: tuple[Sequence[Say], ...] = (
    (Say("No call at all."),),
    (Say("Let me see. ", [recall("0123456789")]), Say("It was 🂡.")),
    (Say("", [recall("0123456789"), recall("9876543210")]), Say("", [recall("0123456789")]), Say("So.")),
    (Say("Both.", [(THEIR_CALL, '{"at": 1}'), recall("0123456789"), (THEIR_CALL, '{"at": 2}')]),),
    (Say("First.", [recall("0123456789")]), Say("Then.", [(THEIR_CALL, '{"at": 1}')])),
    (Say("Cut", [recall("0123456789")], finish="length"),),
)
BOTH = TALKS[3]  # in two of the formats the model is asked again, and calls what is not ours again
AGAIN = (*BOTH, Say("Now.", [(THEIR_CALL, '{"at": 1}'), (THEIR_CALL, '{"at": 2}')]))


def said_in(wire: str, talk: Sequence[Say]) -> Sequence[Say]:
    return AGAIN if talk is BOTH and wire in ("openai.responses", "gemini") else talk


class Chunks:
    """An answer that arrives in given pieces."""

    status = 200
    headers: Mapping[str, str] = {"content-type": "text/event-stream; charset=utf-8"}

    def __init__(self, chunks: Sequence[bytes]) -> None:
        self._chunks = chunks

    async def chunks(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk

    async def aclose(self) -> None: ...


class Upstream:
    """Gives the next answer to every call, and keeps the calls."""

    def __init__(self, answers: Sequence[Chunks]) -> None:
        self.answers = list(answers)
        self.bodies: list[bytes] = []

    async def send(self, call: Call) -> Chunks:
        self.bodies.append(call.body)
        return self.answers.pop(0)

    async def aclose(self) -> None: ...


def stream_of(wire: str, say: Say, number: int, newline: str, comments: bool) -> bytes:
    lines = []
    for data, name in WIRES[wire](say, number):
        lines += [": keep-alive", ""] if comments else []
        lines += [": about what follows"] if comments else []
        lines += [f"event: {name}"] if name else []
        lines += [f"data: {data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)}", ""]
    return (newline.join(lines) + newline).encode()


def cut(data: bytes, at: Sequence[int]) -> list[bytes]:
    bounds = [0, *sorted({place % (len(data) + 1) for place in at}), len(data)]
    return [data[start:end] for start, end in zip(bounds, bounds[1:], strict=False)]


def shown(wire: str, streams: Sequence[Sequence[bytes]]) -> tuple[bytes, list[bytes], Exchange]:
    """What the client gets, what the upstream was sent, and the account."""
    sent: list[bytes] = []

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    async def run() -> tuple[bytes, list[bytes], Exchange]:
        exchange = Exchange(wire, Mode.ON)
        relay = Relay(send, exchange)
        first, *later = (Chunks(chunks) for chunks in streams)
        upstream = Upstream(later)
        call = Call(wire, "POST", "/", {}, BODIES[wire], "gpt-4o", True)
        loop = registry.load("loops", wire)(frozenset({RECALL.name}))
        prompt = registry.load("wires", wire).parse(BODIES[wire])
        handlers = {RECALL.name: recall_handler()}
        calls = OwnCalls(
            loop, call, upstream, lambda: Answering(handlers, prompt, counter_for("gpt-4o")), exchange, SERVICES
        )
        await relay.finish(await calls.pass_on(first, relay))
        assert not upstream.answers, "every answer was asked for"
        return b"".join(sent), upstream.bodies, exchange

    return asyncio.run(run())


cuts = st.lists(st.integers(0, 100_000), max_size=12)


@given(
    st.sampled_from(sorted(WIRES)),
    st.sampled_from(TALKS),
    st.lists(cuts, min_size=3, max_size=3),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_cuts_make_no_difference(
    wire: str, talk: Sequence[Say], places: list[list[int]], newline: str, comments: bool
) -> None:
    """Anywhere, in any of the answers, with any line ends, with comments or without."""
    streams = [stream_of(wire, say, number, newline, comments) for number, say in enumerate(said_in(wire, talk), 1)]
    whole = shown(wire, [[stream] for stream in streams])
    in_pieces = shown(wire, [cut(stream, at) for stream, at in zip(streams, places, strict=False)])
    assert in_pieces[:2] == whole[:2]
    assert in_pieces[2].usage == whole[2].usage


@pytest.mark.parametrize("wire", sorted(WIRES))
@pytest.mark.parametrize("cut_everywhere", [False, True])
def test_byte_by_byte(wire: str, cut_everywhere: bool) -> None:
    """One byte at a time, with all that can happen in one answer; nothing of ours is left in it."""
    streams = [stream_of(wire, say, number, "\n", True) for number, say in enumerate(TALKS[2], 1)]
    pieces = [cut(stream, range(len(stream))) if cut_everywhere else [stream] for stream in streams]
    body, asked, exchange = shown(wire, pieces)
    assert RECALL.name.encode() not in body
    assert b"So." in body
    assert [request.decode().count(UNKNOWN) for request in asked] == [2, 3]
    assert exchange.extra_turns == 2
    assert exchange.usage.output_tokens == 30


@pytest.mark.parametrize("wire", sorted(WIRES))
def test_half_a_call_is_not_answered(wire: str) -> None:
    """An answer that was cut short ends as one that was cut short, without the call."""
    body, asked, _ = shown(wire, [[stream_of(wire, TALKS[5][0], 1, "\n", False)]])
    assert asked == []
    assert (b"MAX_TOKENS" if wire == "gemini" else b"length") in body
    assert RECALL.name.encode() not in body


@pytest.mark.parametrize("wire", sorted(WIRES))
def test_what_is_no_event_of_the_format_passes(wire: str) -> None:
    """Comments, data that is no JSON or no object, errors."""
    odd = (
        b": hello\n\n\n\ndata: {oops\n\ndata: [1]\n\nid: 7\nretry: 9\n\ndata: {}\n\n"
        b'data: {"type": "error", "error": {"message": "no"}}\n\ndata: {"choices": 7}\n\ndata: {"choices": [3, {}]}\n\n'
        b'data: {"type": "message_delta"}\n\ndata: bye'
    )
    assert shown(wire, [[odd]])[0] == odd
    with pytest.raises(UpstreamUnreachable, match="within an event"):  # half of one is told, not passed on
        shown(wire, [[odd, b'\n\ndata: {"half": ']])


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["index", "name", "id"]), inner),
    max_leaves=4,
)


@given(st.sampled_from(sorted(WIRES)), st.sampled_from(TALKS[1:]), st.data())
@settings(max_examples=200, deadline=None)
def test_a_provider_that_sends_nonsense(wire: str, talk: Sequence[Say], data: st.DataObject) -> None:
    """A value of another type anywhere in an event may spoil an answer, never the gateway."""
    events = [event for event, _ in WIRES[wire](talk[0], 1) if isinstance(event, dict)]
    event = data.draw(st.sampled_from(events))
    at = event
    while True:
        key = data.draw(st.sampled_from(sorted(at)) if isinstance(at, dict) else st.integers(0, len(at) - 1))
        if not at[key] or not isinstance(at[key], dict | list) or data.draw(st.booleans()):
            break
        at = at[key]
    at[key] = data.draw(anything)
    loop = registry.load("loops", wire)(frozenset({RECALL.name}))
    for each in events:
        loop.event(b"data: " + json.dumps(each).encode() + b"\n\n")
    loop.end()
    if loop.calls:
        json.loads(loop.follow_up(BODIES[wire], ["found"] * len(loop.calls)))


@given(st.sampled_from(sorted(WIRES)), anything, st.text(max_size=5))
def test_a_whole_answer_of_nonsense(wire: str, value: Any, text: str) -> None:
    """What is no answer of the format passes as it came."""
    bodies = [value, {"choices": value}, {"choices": [{"message": value}]}, {"content": value, "stop_reason": text}]
    bodies += [
        {"candidates": [{"content": value}]},
        {"output": value, "status": text},
        {"output": [value], "status": text},
    ]
    for body in bodies:
        data = json.dumps([body, RECALL.name]).encode()
        assert registry.load("loops", wire)(frozenset({RECALL.name})).whole(data) == data
        data = json.dumps({**body, "name": RECALL.name} if isinstance(body, dict) else body).encode()
        assert registry.load("loops", wire)(frozenset({RECALL.name})).whole(data) == data
