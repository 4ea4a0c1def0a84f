"""`sparing serve` and what it says."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running_cli import Cli

from sparing.cli import greeting
from sparing.cli.greeting import Found, probe, sample_body, sample_request
from sparing.core.upstream import Answer, Call
from sparing.errors import UpstreamUnreachable
from sparing.settings import Settings, load_settings
from sparing.settings.load import resolve
from sparing.testing import CannedAnswer

URL = "http://127.0.0.1:8790"


def loaded(**overrides: object) -> Settings:
    return load_settings(overrides={name.replace("__", "."): value for name, value in overrides.items()})


class Lists:
    """An upstream that offers these models, or cannot be reached."""

    def __init__(self, *models: str) -> None:
        self._models = models

    def _listing(self, wire: str) -> object:
        if wire == "gemini":
            return {"models": [{"name": f"models/{name}"} for name in self._models]}
        return {"data": [{"id": name} for name in self._models]}

    async def send(self, call: Call) -> Answer:
        if not self._models:
            raise UpstreamUnreachable("nobody there")
        body = json.dumps(self._listing(call.wire)).encode()
        return CannedAnswer(200, {"content-type": "application/json"}, (body,))

    async def aclose(self) -> None: ...


def offering(monkeypatch: pytest.MonkeyPatch, *models: str) -> None:
    made = dict.fromkeys(("openai.chat", "anthropic.messages", "gemini"), Lists(*models))
    monkeypatch.setattr(greeting, "make_upstreams", lambda settings: made)


def test_the_embedded_model_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a missing one is said before the first request fails."""
    found = probe(loaded())
    assert (found.wire, found.model) == ("openai.chat", "smollm2-135m-instruct")
    assert "sparing" in found.trouble


@pytest.mark.parametrize(
    ("overrides", "offered", "expected"),
    [
        ({"upstream__openai_url": "http://a"}, ("x", "y"), Found("openai.chat", "x")),
        ({"upstream__openai_url": "http://a"}, ("gpt-9", "gpt-4o-mini"), Found("openai.chat", "gpt-4o-mini")),
        ({"upstream__anthropic_url": "http://a"}, ("opus-1", "haiku-1"), Found("anthropic.messages", "haiku-1")),
        ({"upstream__openai_url": "http://a"}, (), Found("openai.chat", "", "nobody there")),
        ({"upstream__provider": "gemini"}, ("2.5-pro", "2.5-flash"), Found("gemini", "2.5-flash")),
    ],
)
def test_the_sample_names_a_model_that_exists(
    overrides: dict[str, object], offered: tuple[str, ...], expected: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked of the upstream; a cheap one where there is a choice."""
    offering(monkeypatch, *offered)
    assert probe(loaded(**overrides)) == expected


def test_the_sample_is_a_long_document_and_a_question(home: Path) -> None:
    """In a file, which curl reads."""
    command = shlex.split(sample_request(loaded(), Found("openai.chat", "m"), URL))
    assert command[:3] == ["curl", "-si", f"{URL}/v1/chat/completions"]
    assert command[-1] == f"@{home}/sample-request.json"
    body = json.loads((home / "sample-request.json").read_text())
    assert body["model"] == "m"
    assert body["messages"][0]["content"].endswith("May I use the licensor's trademarks? Answer in one sentence.")
    assert len(body["messages"][0]["content"]) > 10_000


def test_the_sample_brings_the_key_that_is_needed() -> None:
    """Only where the gateway has none of its own."""
    remote = loaded(upstream__openai_url="https://a", upstream__anthropic_url="https://b")
    assert '-H "authorization: Bearer $OPENAI_API_KEY"' in sample_request(remote, Found("openai.chat", "m"), URL)
    anthropic = sample_request(remote, Found("anthropic.messages", "m"), URL)
    assert f"{URL}/v1/messages" in anthropic
    assert '-H "x-api-key: $ANTHROPIC_API_KEY"' in anthropic
    keyed = loaded(upstream__openai_url="https://a", upstream__openai_key="sk")
    assert "API_KEY" not in sample_request(keyed, Found("openai.chat", "m"), URL)
    mistral = loaded(upstream__provider="mistral")
    assert '-H "authorization: Bearer $MISTRAL_API_KEY"' in sample_request(mistral, Found("openai.chat", "m"), URL)
    assert "API_KEY" not in sample_request(loaded(upstream__provider="sglang"), Found("openai.chat", "m"), URL)


def test_the_sample_for_gemini_is_of_its_own_shape() -> None:
    """The model stands in the path."""
    command = sample_request(loaded(upstream__provider="gemini"), Found("gemini", "flash"), URL)
    assert f"{URL}/v1beta/models/flash:generateContent" in command
    assert '-H "x-goog-api-key: $GEMINI_API_KEY"' in command
    assert list(json.loads(sample_body("flash", "gemini"))) == ["contents"]


def test_the_sample_is_inline_where_no_file_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only home."""
    monkeypatch.setenv("SPARING_HOME", "/dev/null/home")
    command = shlex.split(sample_request(loaded(), Found("openai.chat", "m"), URL))
    assert json.loads(command[-1]) == json.loads(sample_body("m"))


def test_the_greeting_says_who_is_let_in(home: Path) -> None:
    """Whose keys count, and that the upstream wants one of its own."""
    Path("sparing.toml").write_text(f"[policies.a]\n[tenants.t.keys.k]\nsha256 = '{'a' * 64}'\n")
    resolved = resolve(overrides={"upstream.openai_url": "mistral"})
    text = greeting.greeting(resolved, Found("openai.chat", "m"), URL)
    assert "policies: 1, tenants: 1" in text
    assert '-H "authorization: Bearer $SPARING_KEY"' in text
    assert "note: mistral will want a key; set MISTRAL_API_KEY or upstream.openai_key" in text


def test_the_greeting_says_where_everything_is(home: Path) -> None:
    """Base URLs, upstreams, settings and receipts."""
    Path("sparing.toml").write_text("[policy]\nmode = 'audit'\n")
    resolved = resolve(overrides={"upstream.anthropic_url": "https://b"})
    text = greeting.greeting(resolved, Found("openai.chat", "m", "something is missing"), URL)
    assert f"listening on {URL} (mode audit, effort balanced)" in text
    assert f"{URL}/v1  ->  embedded smollm2-135m-instruct" in text
    assert "->  https://b" in text
    assert "->  nobody yet: set SPARING_UPSTREAM__GEMINI_URL=gemini" in text
    assert f"{home}/receipts.sqlite" in text
    assert "sparing.toml" in text
    assert "note: something is missing" in text
    assert "MODEL" not in text
    assert "in place of MODEL" in greeting.greeting(resolved, Found("openai.chat", "", "unreachable"), URL)


def test_a_port_in_use_is_one_line(cli: Cli) -> None:
    """Exit code 2, with the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        outcome = cli("serve", "--port", str(taken.getsockname()[1]))
    assert outcome.code == 2
    assert outcome.err.startswith("sparing: cannot listen on 127.0.0.1:")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (("--upstream", "localhost:1"), "sparing: upstream.openai_url cannot be 'localhost:1'"),
        (("--port", "99999"), "sparing: Invalid value for '--port'"),
        (("--mode", "maybe"), "sparing: Invalid value for '--mode'"),
    ],
)
def test_bad_arguments_are_one_line(args: tuple[str, ...], line: str, cli: Cli) -> None:
    """Before anything listens."""
    outcome = cli("serve", *args)
    assert (outcome.code, outcome.err.startswith(line)) == (2, True)


@pytest.fixture
def running() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A gateway in a process of its own, and its base URL."""
    command = [sys.executable, "-m", "sparing", "serve", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    assert process.stderr is not None
    first = process.stderr.readline()
    try:
        yield process, first.split()[4]
    finally:
        process.kill()
        process.communicate()


def test_it_serves_until_it_is_interrupted(running: tuple[subprocess.Popen[str], str]) -> None:
    """Ctrl-C is a normal end."""
    process, url = running
    with urllib.request.urlopen(f"{url}/healthz") as answer:
        health: Any = json.load(answer)
    assert health == {"status": "ok"}
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0
