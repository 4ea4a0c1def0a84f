"""Mistral's own client, with nothing changed but the base URL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mistralai.client import Mistral
from mistralai.client.errors import SDKError
from running_gateway import RunningGateway
from scripted_upstream import WORDS, Out, ScriptedUpstream, Seen
from tool_results import LOG

QUESTION: list[Any] = [{"role": "user", "content": "What is the capital of France?"}]
TOOL: Any = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
CALL = {"id": "t1", "type": "function", "function": {"name": "read_log", "arguments": "{}"}}
HISTORY: list[Any] = [
    {"role": "user", "content": "Why did the job fail?"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "name": "read_log", "tool_call_id": "t1", "content": LOG},
]


@pytest.fixture
def gateway(start: Callable[..., RunningGateway]) -> RunningGateway:
    """With all the time it needs: what a busy machine cannot reduce in time goes up whole."""
    return start(policy={"deadline_ms": 60_000})


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[Mistral]:
    with Mistral(api_key="caller", server_url=gateway.url, timeout_ms=20_000) as client:
        yield client


def test_an_answer(client: Mistral, upstream: ScriptedUpstream) -> None:
    """It comes back whole, with the provider's usage."""
    said = client.chat.complete(model="mistral-small-latest", messages=QUESTION)
    assert said.choices[0].message.content == "".join(WORDS)
    assert said.usage.prompt_tokens == 11
    assert upstream.seen[0].headers["authorization"] == "Bearer caller"


def test_a_stream(client: Mistral) -> None:
    """Every word in order."""
    with client.chat.stream(model="mistral-small-latest", messages=QUESTION) as stream:
        words = [event.data.choices[0].delta.content for event in stream if event.data.choices]
    assert tuple(words) == WORDS


def test_tools(client: Mistral, upstream: ScriptedUpstream) -> None:
    """Tools go up and calls come down."""
    said = client.chat.complete(model="mistral-small-latest", messages=QUESTION, tools=[TOOL])
    calls: Any = said.choices[0].message.tool_calls
    assert calls[0].function.name == "look"
    assert upstream.seen[0].json["tools"][0]["function"]["name"] == "look"


def test_a_long_result_is_reduced(client: Mistral, upstream: ScriptedUpstream) -> None:
    """On the way up; with mode off it goes up whole."""
    client.chat.complete(model="mistral-small-latest", messages=HISTORY)
    client.chat.complete(model="mistral-small-latest", messages=HISTORY, http_headers={"x-sparing-mode": "off"})
    reduced, whole = (seen.json["messages"] for seen in upstream.seen)
    assert reduced[:2] == whole[:2]
    assert whole[2]["content"] == LOG
    assert len(reduced[2]["content"]) < len(LOG) / 2


@pytest.mark.parametrize("status", [401, 429, 500])
def test_provider_errors_arrive_unchanged(client: Mistral, upstream: ScriptedUpstream, status: int) -> None:
    """Status and words."""

    async def refuse(_seen: Seen, out: Out) -> None:
        await out.json({"object": "error", "message": "its own words", "code": "3000"}, status)

    upstream.script = refuse
    with pytest.raises(SDKError, match="its own words") as caught:
        client.chat.complete(model="mistral-small-latest", messages=QUESTION)
    assert caught.value.status_code == status


def test_what_cannot_be_used_is_refused(client: Mistral, upstream: ScriptedUpstream) -> None:
    """Before anything is sent, with what to do."""
    with pytest.raises(SDKError, match="raise the budget") as caught:
        client.chat.complete(model="m", messages=HISTORY, http_headers={"x-sparing-budget": "1"})
    assert caught.value.status_code == 400
    assert upstream.seen == []


async def test_the_async_client(gateway: RunningGateway) -> None:
    """Works alike."""
    async with Mistral(api_key="k", server_url=gateway.url) as client:
        stream = await client.chat.stream_async(model="mistral-small-latest", messages=QUESTION)
        words = [event.data.choices[0].delta.content async for event in stream if event.data.choices]
    assert tuple(words) == WORDS


def test_the_gateways_own_key(
    start: Callable[..., RunningGateway], upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is sent when the caller has none."""
    monkeypatch.delenv("MISTRAL_API_KEY", raising=False)
    with Mistral(server_url=start(key="ours").url) as client:
        client.chat.complete(model="mistral-small-latest", messages=QUESTION)
    assert upstream.seen[0].headers["authorization"] == "Bearer ours"
