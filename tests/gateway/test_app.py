"""The paths of our own, and starting and stopping."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from raw_client import CHAT, MESSAGES, chat, request
from running_gateway import RunningGateway, run_gateway
from scripted_upstream import Out, ScriptedUpstream, Seen

from sparing.errors import SettingsError
from sparing.gateway.app import create_app, wire_of
from sparing.gateway.serve import listen
from sparing.gateway.upstreams import make_upstreams
from sparing.generate.upstream import HttpUpstream
from sparing.record.store import ReceiptStore
from sparing.settings import GatewaySettings, Settings, UpstreamSettings
from sparing.settings.providers import SHAPES, provider_named


def test_healthz(gateway: RunningGateway) -> None:
    """A probe gets its 200."""
    assert request(gateway.url, "/healthz", method="GET").json == {"status": "ok"}


def test_metrics(gateway: RunningGateway) -> None:
    """Requests and tokens are counted by wire format, mode and status."""
    request(gateway.url, CHAT, chat())
    request(gateway.url, MESSAGES, b"{")
    request(gateway.url, CHAT, chat(), {"x-sparing-mode": "off"})
    gateway.recorder.wait_for(1)
    text = request(gateway.url, "/metrics", method="GET").body.decode()
    assert 'sparing_requests_total{mode="on",status="200",wire="openai.chat"} 1.0' in text
    assert 'sparing_requests_total{mode="on",status="400",wire="anthropic.messages"} 1.0' in text
    assert 'sparing_requests_total{mode="off",status="200",wire="openai.chat"} 1.0' in text
    before = gateway.recorder.receipts[0].tokens_before
    assert f'sparing_tokens_before_total{{mode="on",wire="openai.chat"}} {before}.0' in text
    assert 'sparing_step_seconds_count{step="receive"} 1.0' in text
    assert "sparing_receipts_dropped_total 0.0" in text


def test_two_gateways_in_one_process_count_apart(start: Callable[..., RunningGateway]) -> None:
    """Metrics belong to an application, not to the process."""
    one, other = start(), start()
    request(one.url, CHAT, chat())
    assert b'status="200"' not in request(other.url, "/metrics", method="GET").body


def test_models_come_from_the_right_provider(start: Callable[..., RunningGateway], upstream: ScriptedUpstream) -> None:
    """Both providers have /v1/models; an Anthropic client is known by the version that it names."""
    gateway = start(key="k")
    assert request(gateway.url, "/v1/models", method="GET").json["data"][0]["id"] == "scripted"
    request(gateway.url, "/v1/models", method="GET", headers={"anthropic-version": "2023-06-01"})
    assert ["x-api-key" in seen.headers for seen in upstream.seen] == [False, True]


@pytest.mark.parametrize(
    ("path", "headers", "wire"),
    [
        ("/v1/chat/completions", [], "openai.chat"),
        ("/v1/messages", [], "anthropic.messages"),
        ("/v1/messages/count_tokens", [], "anthropic.messages"),
        ("/v1/messages/batches", [], "anthropic.messages"),
        ("/v1/messagesque", [], "openai.chat"),
        ("/v1/files", [(b"anthropic-version", b"2023-06-01")], "anthropic.messages"),
        ("/v1/responses", [], "openai.responses"),
        ("/v1/responses/resp_1/cancel", [], "openai.responses"),
        ("/v1/responsesque", [], "openai.chat"),
        ("/v1/models/ft:gpt-4o:me", [], "openai.chat"),
        ("/v1beta/models", [], "gemini"),
        ("/upload/v1beta/files", [], "gemini"),
        ("/v1/models/gemini-x:countTokens", [], "gemini"),
        ("/v1/models", [(b"x-goog-api-key", b"k")], "gemini"),
    ],
)
def test_who_is_asked(path: str, headers: list[tuple[bytes, bytes]], wire: str) -> None:
    """A path and a version say which provider is meant."""
    assert wire_of(path, headers) == wire


def test_nothing_elsewhere(gateway: RunningGateway) -> None:
    """An unknown path is a 404 that names the usual mistake; a wrong method a 405 that names the right ones."""
    missing = request(gateway.url, "/chat/completions", chat())
    assert missing.status == 404
    assert "ends in /v1" in missing.json["error"]["message"]
    wrong = request(gateway.url, "/healthz", chat())
    assert (wrong.status, wrong.header("allow")) == (405, "GET, HEAD")
    trace = request(gateway.url, MESSAGES, method="TRACE")
    assert (trace.status, trace.json["type"]) == (405, "error")


def test_a_wire_without_an_upstream_is_not_served(
    start: Callable[..., RunningGateway], upstream: ScriptedUpstream
) -> None:
    """Who has no provider for a format gets a 404 in that format, and no entry in the description."""
    gateway = start(upstreams={"openai.chat": HttpUpstream(upstream.url)})
    refused = request(gateway.url, MESSAGES, chat()).json["error"]
    assert refused["type"] == "not_found_error"
    assert "ANTHROPIC_URL=anthropic" in refused["message"]
    assert MESSAGES not in request(gateway.url, "/openapi.json", method="GET").json["paths"]
    gemini = request(gateway.url, "/v1beta/models/gemini-x:generateContent", chat())
    assert (gemini.status, gemini.json["error"]["code"], gemini.json["error"]["status"]) == (404, 404, "NOT_FOUND")
    assert "GEMINI_URL=gemini" in gemini.json["error"]["message"]
    assert "OPENAI_URL=openai" in request(gateway.url, "/v1/responses", chat()).json["error"]["message"]


def test_stopping_lets_an_answer_finish(upstream: ScriptedUpstream) -> None:
    """An answer that is being streamed when the gateway is told to stop arrives whole."""
    gateway = run_gateway(upstream)

    async def stopping(_seen: Seen, out: Out) -> None:
        await out.start_events()
        await out.event({"number": 0})
        gateway.server.should_exit = True
        await out.event({"number": 1})
        await out.end()

    upstream.script = stopping
    assert request(gateway.url, CHAT, chat(stream=True)).body.count(b"data: ") == 2
    gateway.stop()


def test_an_address_that_is_taken(gateway: RunningGateway) -> None:
    """The error says which address and what to do."""
    port = int(gateway.url.rpartition(":")[2])
    with pytest.raises(SettingsError, match=f"{port}.*free port"):
        listen(GatewaySettings(port=port))


def test_upstreams_follow_the_settings(tmp_path: Path) -> None:
    """A URL is a provider over HTTP; formats without one share the embedded model, which is not loaded yet."""
    mixed = make_upstreams(Settings(upstream=UpstreamSettings(openai_url="http://127.0.0.1:1")), tmp_path)
    assert isinstance(mixed["openai.chat"], HttpUpstream)
    assert not isinstance(mixed["anthropic.messages"], HttpUpstream)
    local = make_upstreams(Settings(), tmp_path)
    assert local["openai.chat"] is local["anthropic.messages"] is local["openai.responses"]
    assert "gemini" not in local


def test_upstreams_speak_what_their_provider_does(tmp_path: Path) -> None:
    """DeepSeek has no Responses; what is set to nobody has no upstream at all."""
    row = provider_named("deepseek")
    assert row is not None
    urls = {f"{shape}_url": row.url_for(shape) or "none" for shape in SHAPES}
    made = make_upstreams(Settings(upstream=UpstreamSettings(**urls)), tmp_path)
    assert set(made) == {"openai.chat", "anthropic.messages"}
    messages = made["anthropic.messages"]
    assert isinstance(messages, HttpUpstream)
    assert (messages.provider, messages.base_url) == ("deepseek", "https://api.deepseek.com/anthropic")


def test_making_an_app_does_nothing_yet(tmp_path: Path) -> None:
    """Creating the application opens no socket and writes no file."""
    create_app(settings=Settings(), upstreams=make_upstreams(Settings(), tmp_path))
    assert list(tmp_path.iterdir()) == []


_SERVER = """
import sys
from pathlib import Path
from sparing.gateway.app import create_app
from sparing.gateway.serve import serve
from sparing.gateway.upstreams import make_upstreams
from sparing.record.writer import Recorder
from sparing.settings import GatewaySettings, Settings, UpstreamSettings
folder = Path(sys.argv[2])
settings = Settings(gateway=GatewaySettings(port=0), upstream=UpstreamSettings(openai_url=sys.argv[1]))
app = create_app(
    settings=settings, upstreams=make_upstreams(settings, folder), recorder=Recorder(folder / "receipts.sqlite"))
serve(app, settings.gateway, ready=lambda url: print(url, flush=True))
"""


def test_a_signal_ends_the_server_but_not_the_answer(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    """SIGTERM while an answer streams: the answer arrives whole, its receipt is written, the process ends."""
    arguments = [sys.executable, "-c", _SERVER, upstream.url, str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None

        async def ended(_seen: Seen, out: Out) -> None:
            await out.start_events()
            await out.event({"number": 0})
            server.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.3)
            await out.event({"number": 1})
            await out.end()

        upstream.script = ended
        answer = request(server.stdout.readline().strip(), CHAT, chat(stream=True))
        assert server.wait(20) in (0, -signal.SIGTERM)
    assert answer.body.count(b"data: ") == 2
    with ReceiptStore(tmp_path / "receipts.sqlite", must_exist=True) as store:
        assert [receipt.status for receipt in store.recent(9)] == [200]
