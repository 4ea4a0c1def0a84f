"""The PyTorch engine behind the real gateway, asked by OpenAI's own client."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import openai
import pytest

pytest.importorskip("transformers")

from tiny_engine import TOKEN_BYTES, alone, engine, gateway, prompt, tiny

from sparing import inmodel as im
from sparing.gateway.upstreams import make_upstreams
from sparing.generate.torch_engine.model import Loaded
from sparing.generate.torch_engine.upstream import TorchUpstream
from sparing.inmodel.evals.prose import sentence
from sparing.settings import LocalSettings, PolicySettings, Settings


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return tiny()


@pytest.fixture
def upstream(loaded: Loaded) -> TorchUpstream:
    return engine(loaded)


@pytest.fixture
def client(upstream: TorchUpstream) -> Iterator[openai.OpenAI]:
    with (
        gateway(upstream) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, timeout=20) as client,
    ):
        yield client


def test_a_whole_answer_and_its_headers(client: openai.OpenAI, loaded: Loaded) -> None:
    """The caller's policy reaches the engine, and what was kept comes back."""
    raw = client.chat.completions.with_raw_response.create(
        model="any",
        messages=[{"role": "user", "content": prompt(1200)}],
        max_tokens=10,
        extra_headers={"x-sparing-kv-policy": "window", "x-sparing-kv-budget": "25%"},
    )
    policy = im.Policy(score="window", budget=im.Budget(fraction=0.25), span_tokens=3)
    assert raw.parse().choices[0].message.content == alone(loaded, prompt(1200), policy, 10)
    assert raw.headers["x-sparing-kv-kept"] == "300"
    assert raw.headers["x-sparing-kv-bytes"] == str(300 * TOKEN_BYTES)
    assert raw.headers["x-sparing-mode"] == "off"


def test_a_stream(client: openai.OpenAI, loaded: Loaded) -> None:
    """Comes piece by piece."""
    stream = client.chat.completions.create(
        model="any", messages=[{"role": "user", "content": prompt(50)}], max_tokens=12, stream=True
    )
    pieces = [chunk.choices[0].delta.content or "" for chunk in stream]
    assert "".join(pieces) == alone(loaded, prompt(50), im.FULL, 12)
    assert len(pieces) == 14


def test_a_client_that_hangs_up_stops_its_row(client: openai.OpenAI, upstream: TorchUpstream) -> None:
    """The bytes of its cache are free long before the answer would have ended."""
    stream = client.chat.completions.create(
        model="any", messages=[{"role": "user", "content": prompt(50)}], max_tokens=8000, stream=True
    )
    next(iter(stream))
    assert upstream.worker is not None
    assert upstream.worker.reserved_bytes
    stream.close()
    deadline_s = time.monotonic() + 20
    while upstream.worker.reserved_bytes and time.monotonic() < deadline_s:
        time.sleep(0.005)
    assert upstream.worker.live_bytes == upstream.worker.reserved_bytes == 0


def test_errors_are_those_of_the_wire(client: openai.OpenAI) -> None:
    """What can never fit is a bad request, with the numbers."""
    with pytest.raises(openai.BadRequestError, match="do not fit a context of 8,192"):
        client.chat.completions.create(model="any", messages=[{"role": "user", "content": prompt(50)}], max_tokens=9000)


def test_the_engine_reads_what_the_gateway_left(upstream: TorchUpstream) -> None:
    """Where the gateway reduces, the prompt that the engine counts is the reduced one, alike for equal requests that had
    the time for it."""
    lines = [sentence(Random(number)) for number in range(60)]
    text = " ".join([*lines[:20], "The lamp is in the cellar.", *lines[20:]]) + "\n\nWhere is the lamp?"
    with gateway(upstream, PolicySettings(mode="on", deadline_ms=60_000)) as url:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, timeout=120)
        first, second = (
            client.chat.completions.with_raw_response.create(
                model="any", messages=[{"role": "user", "content": text}], max_tokens=1
            )
            for _ in range(2)
        )
    assert first.parse().usage.prompt_tokens == second.parse().usage.prompt_tokens < len(text)
    assert first.headers["x-sparing-kv-kept"] == second.headers["x-sparing-kv-kept"]


def test_it_speaks_openai_chat_only() -> None:
    """The settings choose the engine; other wire formats have nobody, which the gateway says in their own shape."""
    made = make_upstreams(Settings(local=LocalSettings(engine="torch")), Path())
    assert {wire: type(upstream) for wire, upstream in made.items()} == {"openai.chat": TorchUpstream}
