"""One question over the OpenAI chat wire."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.cli.chat import converse, models_of
from sparing.core.upstream import Answer, Call
from sparing.errors import UpstreamError
from sparing.testing import CannedAnswer, FakeModel

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
EVENTS = {"content-type": "text/event-stream; charset=utf-8"}
JSON = {"Content-Type": "application/json"}


class Canned:
    """Always the same answer."""

    def __init__(self, *pieces: bytes, status: int = 200, headers: dict[str, str] = EVENTS) -> None:
        self.answer = CannedAnswer(status, headers, pieces)

    async def send(self, call: Call) -> Answer:
        self.call = call
        return self.answer

    async def aclose(self) -> None: ...


def event(value: object) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def delta(text: str) -> bytes:
    return event({"choices": [{"delta": {"content": text}}]})


async def test_the_answer_is_reported_as_it_comes() -> None:
    """Every piece once, the whole at the end, with the server's own counts."""
    pieces: list[str] = []
    model = FakeModel("It is four.")
    reply = await converse(model, BODY, pieces.append)
    assert pieces == ["It ", "is ", "four."]
    assert (reply.text, reply.prompt_tokens, reply.answer_tokens) == ("It is four.", 1, 3)
    assert 0 <= reply.first_s <= reply.total_s
    sent = json.loads(model.calls[0].body)
    assert (sent["stream"], sent["stream_options"], sent["model"]) == (True, {"include_usage": True}, "m")


@given(st.lists(st.integers(1, 60), max_size=6))
@settings(max_examples=50, deadline=None)
def test_chunks_may_be_cut_anywhere(cuts: list[int]) -> None:
    """Bytes of one letter, of one event, or several events at once."""
    import asyncio

    stream = delta("Grüße ") + b": comment\r\n\r\n" + delta("日本") + b"data: [DONE]\n\n"
    pieces, at = [], 0
    for size in cuts:
        pieces.append(stream[at : at + size])
        at += size
    reply = asyncio.run(converse(Canned(*pieces, stream[at:]), BODY, lambda piece: None))
    assert reply.text == "Grüße 日本"


async def test_a_server_that_does_not_stream_is_understood() -> None:
    """One JSON body in place of events."""
    body = {"choices": [{"message": {"content": "all at once"}}], "usage": {"prompt_tokens": 5}}
    reply = await converse(Canned(json.dumps(body).encode(), headers=JSON), BODY, lambda piece: None)
    assert (reply.text, reply.prompt_tokens, reply.answer_tokens) == ("all at once", 5, -1)


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (401, b'{"error": {"message": "bad key"}}', r"answered 401: bad key \(check the key\)"),
        (400, b'{"error": "no such model"}', "answered 400: no such model"),
        (404, b'{"message": "not here"}', "answered 404: .*not here"),
        (500, b"<html>\noops</html>", "answered 500: <html> oops</html>"),
        (502, b"", "answered 502: no reason given"),
    ],
)
async def test_a_refusal_is_said_in_the_servers_words(status: int, body: bytes, message: str) -> None:
    """Whatever shape its error bodies have."""
    with pytest.raises(UpstreamError, match=message):
        await converse(Canned(body, status=status, headers=JSON), BODY, lambda piece: None)


async def test_an_error_within_the_stream_is_an_error() -> None:
    """What came before it was reported; half an answer is not an answer."""
    pieces: list[str] = []
    upstream = Canned(delta("half"), event({"error": {"message": "overloaded"}}))
    with pytest.raises(UpstreamError, match="the upstream stopped: overloaded"):
        await converse(upstream, BODY, pieces.append)
    assert pieces == ["half"]


async def test_garbage_is_refused() -> None:
    """An address that answers with something else."""
    with pytest.raises(UpstreamError, match="not JSON"):
        await converse(Canned(b"<html>", headers=JSON), BODY, lambda piece: None)


async def test_models_are_listed() -> None:
    """By their ids."""
    listing = json.dumps({"data": [{"id": "a"}, {"id": "b"}]}).encode()
    assert await models_of(Canned(listing, headers=JSON)) == ["a", "b"]


async def test_anthropic_is_asked_for_models_in_its_own_way() -> None:
    """It wants its version named."""
    upstream = Canned(b'{"data": []}', headers=JSON)
    assert await models_of(upstream, "anthropic.messages") == []
    assert (upstream.call.wire, dict(upstream.call.headers)) == (
        "anthropic.messages",
        {"anthropic-version": "2023-06-01"},
    )


@pytest.mark.parametrize("body", [b"[]", b'{"data": [1]}', b"{}"])
async def test_a_list_of_another_shape_is_refused(body: bytes) -> None:
    """Not every server keeps one."""
    with pytest.raises(UpstreamError, match="cannot be read"):
        await models_of(Canned(body, headers=JSON))
