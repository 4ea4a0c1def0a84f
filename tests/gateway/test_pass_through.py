"""What must not be touched."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_client import CHAT, MESSAGES, chat, request
from running_gateway import RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen

OFF = {"x-sparing-mode": "off"}
ODD_BODIES = [
    b"",
    b"not json",
    b"\xff\xfe\x00",
    b'{"messages": [',
    b'{"a":1,  "a":2, "n": 1.0e+2, "s": "\\u00e9\\ud800", "messages": [{"role": "user", "content": "hi"}]}',
    b"[" * 5000,
]


@pytest.mark.parametrize("body", ODD_BODIES)
@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_mode_off_sends_the_very_bytes(
    gateway: RunningGateway, upstream: ScriptedUpstream, path: str, body: bytes
) -> None:
    """With mode off nothing is parsed: what comes in goes out, whatever it is."""
    reply = request(gateway.url, path, body, OFF)
    assert upstream.seen[0].body == body
    assert reply.header("x-sparing-mode") == "off"
    assert reply.header("x-sparing-reason") == "mode off"


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=3000))
def test_mode_off_is_the_identity(gateway: RunningGateway, upstream: ScriptedUpstream, body: bytes) -> None:
    """Any bytes survive."""
    request(gateway.url, CHAT, body, OFF)
    assert upstream.seen[-1].body == body


def test_a_body_of_50_mb_arrives_whole(start: Callable[..., RunningGateway], upstream: ScriptedUpstream) -> None:
    """Large bodies are passed on in pieces and arrive with the same hash."""
    body = bytes(range(256)) * 4096 * 52
    gateway = start(max_body_bytes=64_000_000)
    reply = request(gateway.url, CHAT, body, OFF)
    assert reply.status == 200
    assert hashlib.sha256(upstream.seen[0].body).digest() == hashlib.sha256(body).digest()


def test_a_request_that_is_not_reduced_is_sent_as_it_came(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """Odd spacing, key order and escapes survive mode on when there is nothing to do, and the reason is told."""
    body = b'{ "stream":false,"messages":[{"content":"caf\\u00e9 \\ud83d\\ude00","role":"user"}] ,"model":"gpt-4o","x":1e2}'
    reply = request(gateway.url, CHAT, body)
    assert upstream.seen[0].body == body
    assert reply.header("x-sparing-mode") == "on"
    assert reply.header("x-sparing-tokens-before") == reply.header("x-sparing-tokens-after")
    assert reply.header("x-sparing-reason")


def test_headers_go_up_without_ours(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """The provider sees the caller's headers, but none that are Sparing's or that belong to one connection."""
    sent = {
        "authorization": "Bearer caller",
        "openai-organization": "org",
        "x-sparing-budget": "100000",
        "x-sparing-anything": "else",
        "connection": "keep-alive, x-this-hop",
        "x-this-hop": "1",
        "user-agent": "tests",
        "te": "trailers",
    }
    request(gateway.url, CHAT, chat(), sent)
    seen = upstream.seen[0].headers
    assert seen["authorization"] == "Bearer caller"
    assert seen["openai-organization"] == "org"
    assert seen["user-agent"] == "tests"
    assert seen["host"] == upstream.url.removeprefix("http://")
    assert not [name for name in seen if name.startswith("x-sparing") or name in ("x-this-hop", "te")]


def test_a_callers_compression_wish(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """A measured answer is asked for uncompressed; with mode off the caller's wish stands."""
    wish = {"accept-encoding": "gzip"}
    request(gateway.url, CHAT, chat(), wish)
    request(gateway.url, CHAT, chat(), wish | OFF)
    assert [seen.headers["accept-encoding"] for seen in upstream.seen] == ["identity", "gzip"]


def test_a_compressed_answer_stays_compressed(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """A provider's gzip is passed on as it is, and labelled as what it is."""
    packed = gzip.compress(b'{"id": "c1"}')

    async def compressed(_seen: Seen, out: Out) -> None:
        length = str(len(packed))
        await out.head(200, {"content-type": "application/json", "content-encoding": "gzip", "content-length": length})
        await out.raw(packed)

    upstream.script = compressed
    reply = request(gateway.url, CHAT, chat(), {"accept-encoding": "gzip"})
    assert reply.header("content-encoding") == "gzip"
    assert reply.body == packed


def test_a_compressed_request_is_passed_on(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """A body that only the provider can read is not reduced, and the reason is told."""
    packed = gzip.compress(b'{"messages": []}')
    reply = request(gateway.url, CHAT, packed, {"content-encoding": "gzip"})
    assert upstream.seen[0].body == packed
    assert reply.header("x-sparing-reason") == "the body is compressed"


def test_the_configured_key_is_for_callers_without_one(
    start: Callable[..., RunningGateway], upstream: ScriptedUpstream
) -> None:
    """A caller's own key wins; without one the configured key goes up in the provider's own way."""
    gateway = start(key="ours")
    request(gateway.url, CHAT, chat())
    request(gateway.url, MESSAGES, chat())
    request(gateway.url, CHAT, chat(), {"authorization": "Bearer theirs"})
    request(gateway.url, MESSAGES, chat(), {"x-api-key": "theirs"})
    sent = [(seen.headers.get("authorization"), seen.headers.get("x-api-key")) for seen in upstream.seen]
    assert sent == [("Bearer ours", None), (None, "ours"), ("Bearer theirs", None), (None, "theirs")]


def test_answer_headers_come_down(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """A provider's headers arrive, repeated ones repeated; those of its connection and forgeries of ours do not."""

    async def many(_seen: Seen, out: Out) -> None:
        await out.raw(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n"
            b"x-request-id: 7\r\nkeep-alive: timeout=5\r\nx-sparing-receipt: forged\r\ncontent-length: 2\r\n\r\nok"
        )

    upstream.script = many
    reply = request(gateway.url, CHAT, chat(), OFF)
    assert reply.body == b"ok"
    assert [value for name, value in reply.headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert reply.header("x-request-id") == "7"
    assert reply.header("keep-alive") is None
    assert reply.header("x-sparing-receipt") is None


def test_redirects_are_not_followed(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """The caller's key goes nowhere but to the configured host."""

    async def away(_seen: Seen, out: Out) -> None:
        await out.head(307, {"location": f"{upstream.url}/elsewhere", "content-length": "0"})

    upstream.script = away
    reply = request(gateway.url, CHAT, chat(), {"authorization": "Bearer secret"})
    assert (reply.status, reply.header("location")) == (307, f"{upstream.url}/elsewhere")
    assert len(upstream.seen) == 1


def test_other_paths_pass_through(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """What is not reduced still reaches the provider: path, query and body as they came."""
    reply = request(gateway.url, "/v1/embeddings?a=%2Fb&c=d%20e", b'{"input":  "x"}')
    assert (upstream.seen[0].path, upstream.seen[0].body) == ("/v1/embeddings?a=%2Fb&c=d%20e", b'{"input":  "x"}')
    assert reply.json["path"] == "/v1/embeddings?a=%2Fb&c=d%20e"


def test_paths_that_climb_are_refused(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """Nothing beside the API can be reached through the gateway."""
    climbing = ("/v1/../admin", "/v1/%2e%2e/admin", "/v1/a/..%2f..%2fadmin", "/v1beta/../x/models/m:generateContent")
    for path in climbing:
        assert request(gateway.url, path, b'{"contents":[{}]}').status == 404
    assert upstream.seen == []
