"""One request through the gateway: modes, headers, receipts, refusals."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from fake_reduce import FILLER, FakeReduce
from raw_client import CHAT, MESSAGES, chat, connect, open_socket, reply, request, wait_until
from running_gateway import RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen

from sparing.core.budget import Mode
from sparing.errors import BudgetExceeded, MalformedBody
from sparing.gateway import body as body_module
from sparing.pipeline import Reduction

Start = Callable[..., RunningGateway]
LONG = "Where is it?" + FILLER


def test_a_reduced_request_says_so(start: Start, upstream: ScriptedUpstream) -> None:
    """The shorter body goes up, and the answer carries the counts and the receipt."""
    gateway = start(reduce=FakeReduce())
    answer = request(gateway.url, CHAT, chat(LONG))
    assert FILLER.encode() not in upstream.seen[0].body
    before, after = (
        int(answer.header("x-sparing-tokens-before") or 0),
        int(answer.header("x-sparing-tokens-after") or 0),
    )
    assert before - after == len(FILLER)
    assert answer.header("x-sparing-receipt") == "r1"
    assert answer.header("x-sparing-reason") is None


def test_audit_measures_and_sends_the_original(start: Start, upstream: ScriptedUpstream) -> None:
    """In audit mode the answer tells what would have been saved; the provider sees what the caller wrote."""
    gateway = start(reduce=FakeReduce())
    sent = json.dumps(chat(LONG)).encode()
    answer = request(gateway.url, CHAT, sent, {"x-sparing-mode": "audit"})
    assert upstream.seen[0].body == sent
    assert int(answer.header("x-sparing-tokens-after") or 0) == len(sent) - len(FILLER)
    assert answer.header("x-sparing-mode") == "audit"


def test_control_headers_reach_the_pipeline(start: Start) -> None:
    """Mode, effort, budget and deadline of the header win over the settings."""
    fake = FakeReduce()
    gateway = start(reduce=fake, policy={"mode": "audit", "effort": "safe", "deadline_ms": 50})
    request(gateway.url, CHAT, chat())
    wishes = {"mode": "ON", "effort": "max", "budget": "77", "deadline-ms": "90000"}
    request(gateway.url, MESSAGES, chat(), {f"x-sparing-{name}": value for name, value in wishes.items()})
    default, wished = fake.calls
    assert (default["mode"], default["policy"].effort, default["budget"].input_tokens) == (Mode.AUDIT, "safe", None)
    assert default["budget"].deadline.left_s() < 0.05
    assert (wished["mode"], wished["policy"].effort, wished["budget"].input_tokens) == (Mode.ON, "max", 77)
    assert wished["wire"] == "anthropic.messages"
    assert 60 < wished["budget"].deadline.left_s() < 90


def test_big_bodies_are_reduced_off_the_event_loop(start: Start) -> None:
    """A small body is reduced where it is; a big one in a thread, so that other answers keep flowing."""
    fake = FakeReduce()
    gateway = start(reduce=fake)
    request(gateway.url, CHAT, chat())
    request(gateway.url, CHAT, chat("x" * 20_000))
    small, big = (call["thread"] for call in fake.calls)
    assert not small.startswith("sparing-reduce")
    assert big.startswith("sparing-reduce")


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize("stream", [False, True])
def test_the_receipt_is_completed(start: Start, path: str, stream: bool) -> None:
    """Status, times and the provider's own usage are added to the receipt once the answer is over."""
    gateway = start(reduce=FakeReduce())
    request(gateway.url, path, chat(LONG, stream=stream))
    receipt = gateway.recorder.wait_for(1)[0]
    assert receipt.status == 200
    assert (receipt.usage_input_tokens, receipt.usage_output_tokens) == (11, 5)
    assert 0 < receipt.first_byte_ms <= receipt.total_ms
    assert receipt.error == ""


def test_a_refused_reduction_is_replayed(start: Start, upstream: ScriptedUpstream) -> None:
    """A provider that will not have the reduced request gets the original, once, and the receipt says so."""

    async def picky(seen: Seen, out: Out) -> None:
        shortened = FILLER.encode() not in seen.body
        await out.json({"error": {"message": "short"}} if shortened else {"id": "fine"}, 400 if shortened else 200)

    upstream.script = picky
    gateway = start(reduce=FakeReduce())
    answer = request(gateway.url, CHAT, chat(LONG))
    assert (answer.status, answer.json) == (200, {"id": "fine"})
    assert "the original was sent" in (answer.header("x-sparing-reason") or "")
    assert answer.header("x-sparing-tokens-before") == answer.header("x-sparing-tokens-after")
    receipt = gateway.recorder.wait_for(1)[0]
    assert receipt.saved_tokens == 0
    assert "400" in receipt.reason


def test_a_refusal_of_the_original_is_not_replayed(start: Start, upstream: ScriptedUpstream) -> None:
    """What was not changed is not sent twice."""

    async def refuse(_seen: Seen, out: Out) -> None:
        await out.json({"error": {"message": "bad"}}, 400)

    upstream.script = refuse
    gateway = start(reduce=FakeReduce())
    assert request(gateway.url, CHAT, chat()).status == 400
    assert request(gateway.url, CHAT, chat(LONG), {"x-sparing-mode": "audit"}).status == 400
    assert len(upstream.seen) == 2


def test_a_bug_is_a_500_without_its_words(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected exception is logged once; the caller learns that it happened, not how."""
    gateway = start(reduce=FakeReduce(error=ZeroDivisionError("secret words")))
    with caplog.at_level(logging.ERROR):
        answers = [request(gateway.url, path, chat()) for path in (CHAT, MESSAGES)]
    assert [answer.status for answer in answers] == [500, 500]
    assert answers[0].json["error"]["type"] == "server_error"
    assert answers[1].json["error"]["type"] == "api_error"
    assert not any(b"secret" in answer.body or b"Traceback" in answer.body for answer in answers)
    assert len([record for record in caplog.records if record.name == "sparing.gateway"]) == 2


class PanicError(BaseException):
    """As a Rust extension raises it."""


def test_a_panic_is_a_500_too(start: Start) -> None:
    """What is no `Exception` is still the caller's answer in the caller's format."""
    gateway = start(reduce=FakeReduce(error=PanicError("stack overflow")))
    for size in (10, 20_000):
        answer = request(gateway.url, MESSAGES, chat("x" * size))
        assert (answer.status, answer.json["error"]["type"]) == (500, "api_error")


def test_a_reduction_that_does_not_come_back(start: Start, upstream: ScriptedUpstream) -> None:
    """A caller does not wait for ever: the original goes out, unless a budget was asked for, which cannot be met."""
    stuck = threading.Event()

    def reduce(*_: Any) -> Reduction:
        stuck.wait(20)
        raise MalformedBody("too late to matter")

    gateway = start(reduce=reduce, policy={"deadline_ms": 25})
    sent = chat("x" * 20_000)
    answer = request(gateway.url, CHAT, sent)
    assert answer.status == 200
    assert answer.header("x-sparing-reason") == "the reduction took longer than 100 ms, 4 times its 25 ms"
    assert upstream.seen[0].json == sent
    refused = request(gateway.url, CHAT, sent, {"x-sparing-budget": "10"})
    assert (refused.status, refused.json["error"]["type"]) == (400, "invalid_request_error")
    audited = request(gateway.url, CHAT, sent, {"x-sparing-budget": "10", "x-sparing-mode": "audit"})
    assert audited.status == 200
    stuck.set()


def test_refusals_by_the_pipeline(start: Start, upstream: ScriptedUpstream) -> None:
    """In mode on a budget that cannot be met is a 400 that says what would do; an audit lets the request go."""
    fake = FakeReduce(error=BudgetExceeded(budget_tokens=5, needed_tokens=9))
    gateway = start(reduce=fake)
    refused = request(gateway.url, CHAT, chat(), {"x-sparing-budget": "5"})
    assert (refused.status, refused.json["error"]["code"]) == (400, "budget_exceeded")
    assert "at least 9" in refused.json["error"]["message"]
    assert upstream.seen == []
    fake.error = MalformedBody("no messages", param="messages")
    audited = request(gateway.url, CHAT, chat(), {"x-sparing-mode": "audit"})
    assert audited.status == 200
    assert audited.header("x-sparing-reason") == "not measured: no messages"
    assert request(gateway.url, CHAT, chat()).json["error"]["param"] == "messages"


BAD_BODIES = [
    b"",
    b"{",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'{"messages": {}}',
    b"[" * 100_000,
    b'{"messages":' + b"[" * 5000,
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: repr(body[:16]))
def test_bodies_that_are_no_requests(gateway: RunningGateway, upstream: ScriptedUpstream, body: bytes) -> None:
    """Whatever is wrong with a body, the caller gets a 400 in its own wire format."""
    openai, anthropic = (request(gateway.url, path, body) for path in (CHAT, MESSAGES))
    assert (openai.status, openai.json["error"]["type"]) == (400, "invalid_request_error")
    assert (anthropic.status, anthropic.json["error"]["type"]) == (400, "invalid_request_error")
    assert anthropic.json["type"] == "error"
    assert upstream.seen == []


def test_lone_surrogates_survive(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """A body with half a character in it is measured and passed on as it came."""
    body = b'{"model": "m", "messages": [{"role": "user", "content": "half \\udc00 a pair"}]}'
    assert request(gateway.url, CHAT, body).status == 200
    assert upstream.seen[0].body == body


@pytest.mark.parametrize(("path", "kind"), [(CHAT, "invalid_request_error"), (MESSAGES, "request_too_large")])
def test_too_large_a_body_is_refused_and_the_connection_lives(start: Start, path: str, kind: str) -> None:
    """413 in the caller's format, as soon as it is known; the next request on the connection works."""
    gateway = start(max_body_bytes=200_000)
    connection = connect(gateway.url)
    chunks = (b"x" * 50_000 for _ in range(20))
    for body, chunked in ((b"x" * 1_000_000, False), (chunks, True)):
        connection.request("POST", path, body, encode_chunked=chunked)
        refused = reply(connection)
        assert (refused.status, refused.json["error"]["type"]) == (413, kind)
    connection.request("POST", path, json.dumps(chat()).encode())
    assert reply(connection).status == 200
    connection.close()


def test_an_announced_large_body_is_refused_unread(start: Start) -> None:
    """The length alone is enough."""
    gateway = start(max_body_bytes=200_000)
    with open_socket(gateway.url) as caller:
        caller.sendall(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 900000000\r\n\r\n")
        assert caller.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_body_that_stops_arriving(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that falls silent half way is told so instead of being waited for."""
    monkeypatch.setattr(body_module, "_SILENCE_S", 0.2)
    gateway = start()
    with open_socket(gateway.url) as caller:
        caller.sendall(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        assert caller.recv(4096).startswith(b"HTTP/1.1 408")


def test_a_caller_that_hangs_up_during_the_upload(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """Half a request goes nowhere, and the gateway serves on."""
    with open_socket(gateway.url) as caller:
        caller.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
    assert request(gateway.url, CHAT, chat()).status == 200
    wait_until(lambda: b'status="499"' in request(gateway.url, "/metrics", method="GET").body)
    assert len(upstream.seen) == 1


def test_a_caller_that_hangs_up_before_the_answer(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """A call that nobody waits for any more is closed, and the receipt says why there is no answer."""
    noticed: list[bool] = []

    async def slow(_seen: Seen, out: Out) -> None:
        noticed.append(await out.gone())

    upstream.script = slow
    body = json.dumps(chat()).encode()
    with open_socket(gateway.url) as caller:
        caller.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )
        wait_until(lambda: len(upstream.seen) == 1)
    wait_until(lambda: bool(noticed))
    assert noticed == [True]
    receipt = gateway.recorder.wait_for(1)[0]
    assert (receipt.status, receipt.error) == (499, "the caller disconnected")


def test_an_upstream_that_breaks_off_something_else(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """Where no error can be told any more the connection is cut, so that half an answer does not look whole."""

    async def half(_seen: Seen, out: Out) -> None:
        await out.head(200, {"content-type": "audio/mpeg", "transfer-encoding": "chunked"})
        await out.chunk(b"half a song")
        out.close()

    upstream.script = half
    with open_socket(gateway.url) as caller:
        caller.sendall(b"POST /v1/audio/speech HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
        data = _until_closed(caller)
    assert b"half a song" in data
    assert not data.endswith(b"0\r\n\r\n")


def test_a_json_answer_of_several_megabytes(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """An answer too large to be held arrives whole all the same."""
    value = {"data": "x" * 3_000_000, "usage": {"prompt_tokens": 1}}

    async def large(_seen: Seen, out: Out) -> None:
        await out.json(value)

    upstream.script = large
    assert request(gateway.url, CHAT, chat()).json == value


def test_an_event_stream_with_a_length(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """A length that the provider announced does not keep the error event from being told when it breaks off."""

    async def short(_seen: Seen, out: Out) -> None:
        await out.head(200, {"content-type": "text/event-stream; charset=utf-8", "content-length": "30"})
        await out.raw(b"data: {}\n\ndata: {")
        out.close()

    upstream.script = short
    body = request(gateway.url, MESSAGES, chat(stream=True)).body
    assert body.startswith(b"data: {}\n\nevent: error\ndata: ")


def test_errors_are_in_the_receipt(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """A call that failed leaves a receipt with the status and what happened."""

    async def hang_up(_seen: Seen, out: Out) -> None:
        out.close()

    upstream.script = hang_up
    assert request(gateway.url, CHAT, chat()).status == 502
    receipt = gateway.recorder.wait_for(1)[0]
    assert receipt.status == 502
    assert receipt.error.startswith("UpstreamUnreachable: ")


def _until_closed(caller: socket.socket) -> bytes:
    data: list[Any] = []
    while part := caller.recv(65536):
        data.append(part)
    return b"".join(data)
