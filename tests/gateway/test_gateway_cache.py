"""The cache of answers behind a running gateway: every wire format, receipts, callers apart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from raw_client import Reply, chat, request
from running_gateway import ALL, RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen

from sparing.gateway.caches import with_cache
from sparing.generate.cache.semantic.bound import Bound
from sparing.generate.cache.semantic.embed import Lexical
from sparing.generate.cache.semantic.evidence import Evidence
from sparing.generate.upstream import HttpUpstream
from sparing.settings.cache import CacheSettings

SAID = {"role": "user", "content": "Hello there"}
ZERO = {"generationConfig": {"temperature": 0}, "contents": [{"role": "user", "parts": [{"text": "Hello there"}]}]}
FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"model": "gpt-4o", "messages": [SAID], "temperature": 0}),
    "messages": ("/v1/messages", {"model": "claude-x", "max_tokens": 9, "messages": [SAID], "temperature": 0}),
    "responses": ("/v1/responses", {"model": "gpt-4o", "input": "Hello there", "temperature": 0}),
    "gemini": ("/v1beta/models/g:generateContent", ZERO),
    "messages stream": (
        "/v1/messages",
        {"model": "claude-x", "max_tokens": 9, "messages": [SAID], "temperature": 0, "stream": True},
    ),
    "responses stream": ("/v1/responses", {"model": "m", "input": "Hello there", "temperature": 0, "stream": True}),
    "gemini stream": ("/v1beta/models/g:streamGenerateContent?alt=sse", ZERO),
    "gemini array": ("/v1beta/models/g:streamGenerateContent", ZERO),
}
GIVEN = ("hit", "shared")
Start = Callable[..., RunningGateway]


@pytest.fixture(params=["memory", "sqlite"])
def caching(upstream: ScriptedUpstream, start: Start, tmp_path: Path, request: pytest.FixtureRequest) -> RunningGateway:
    return start_caching(upstream, start, tmp_path, CacheSettings(mode="exact", store=request.param))


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as running:
        yield running


def start_caching(upstream: ScriptedUpstream, start: Start, folder: Path, cache: CacheSettings) -> RunningGateway:
    one = HttpUpstream(upstream.url)
    return start(upstreams=with_cache(dict.fromkeys(ALL, one), cache, folder / "answers.sqlite"))


def told(reply: Reply) -> str | None:
    return reply.header("x-sparing-cache")


@pytest.mark.parametrize("name", FORMATS)
def test_the_second_answer_is_the_first_and_costs_nothing(
    caching: RunningGateway, upstream: ScriptedUpstream, name: str
) -> None:
    """Byte for byte, in every format; the receipt says that no tokens were spent on it."""
    path, body = FORMATS[name]
    first, again = (request(caching.url, path, body) for _ in range(2))
    assert told(first) == "miss"
    assert told(again) in GIVEN  # shared, while the first one is being written down
    assert (first.status, first.body) == (again.status, again.body)
    assert first.header("content-type") == again.header("content-type")
    assert len(upstream.seen) == 1
    asked, given = caching.recorder.wait_for(2)
    assert (asked.cache, given.cache) == ("miss", told(again))
    assert asked.usage_input_tokens > 0
    assert (given.usage_input_tokens, given.usage_output_tokens, given.usage_cache_read_tokens) == (0, 0, 0)


@pytest.mark.parametrize("header", ["authorization", "x-api-key", "x-goog-api-key"])
def test_callers_with_other_keys_get_answers_of_their_own(
    caching: RunningGateway, upstream: ScriptedUpstream, header: str
) -> None:
    """Whichever header the key is in."""
    path, body = FORMATS["gemini" if header == "x-goog-api-key" else "chat"]
    replies = [request(caching.url, path, body, {header: key}) for key in ("one", "two", "one")]
    assert [told(one) for one in replies[:2]] == ["miss", "miss"]
    assert told(replies[2]) in GIVEN
    assert len(upstream.seen) == 2


def test_a_wish_that_is_none_is_refused(caching: RunningGateway) -> None:
    """In the caller's own format, with what it has to be."""
    reply = request(caching.url, body=chat(temperature=0), headers={"x-sparing-cache": "maybe"})
    assert reply.status == 400
    assert "off, exact, semantic, refresh" in reply.json["error"]["message"]


def test_the_same_in_flight_is_one_call(
    caching: RunningGateway, upstream: ScriptedUpstream, pool: ThreadPoolExecutor
) -> None:
    """Twenty at once are one call; one receipt has its tokens, nineteen have none."""

    async def slowly(seen: Seen, out: Out) -> None:
        await asyncio.sleep(0.3)
        choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
        await out.json({"id": "c1", "object": "chat.completion", "choices": [choice], "usage": usage})

    upstream.script = slowly
    replies = list(pool.map(lambda _: request(caching.url, body=chat(temperature=0)), range(20)))
    assert len({one.body for one in replies}) == 1
    assert len(upstream.seen) == 1
    assert sorted(receipt.usage_input_tokens for receipt in caching.recorder.wait_for(20)) == [*[0] * 19, 9]
    assert {told(one) for one in replies} <= {"miss", "shared", "hit"}
    metrics = request(caching.url, "/metrics", method="GET").body.decode()
    assert "sparing_cache_miss_total 1.0" in metrics


def test_off_is_not_there(upstream: ScriptedUpstream, start: Start, tmp_path: Path) -> None:
    """By default nothing is kept, nothing is said and no file is made."""
    running = start_caching(upstream, start, tmp_path, CacheSettings())
    replies = [request(running.url, body=chat(temperature=0)) for _ in range(2)]
    assert [told(one) for one in replies] == [None, None]
    assert len(upstream.seen) == 2
    assert not list(tmp_path.iterdir())


def test_a_question_in_other_words(upstream: ScriptedUpstream, start: Start, tmp_path: Path) -> None:
    """Once the traffic has certified it: given, told with its similarity, and not paid for."""
    cache = CacheSettings(mode="semantic", store="sqlite", encoder="words")
    labels = tmp_path / "answers.sqlite.labels"
    bound = Bound(cache.max_wrong_percent / 100, file=labels, embedder=Lexical.name)
    for number in range(5_000):
        bound.learn(Evidence(0.9 if number % 2 else 0.1), right=bool(number % 2))
    running = start_caching(upstream, start, tmp_path, cache)
    zero = {"temperature": 0}
    asked = [request(running.url, body=chat(text, **zero)) for text in ("Reset my password", "reset the PASSWORD")]
    while told(asked[-1]) == "miss":  # a share of lookups is asked anew to learn from it
        asked.append(request(running.url, body=chat("the password: reset" + "!" * len(asked), **zero)))
    assert told(asked[-1]) == "similar"
    assert float(asked[-1].header("x-sparing-cache-similarity") or 0) > bound.threshold
    assert asked[-1].body == asked[0].body
    receipts = running.recorder.wait_for(len(asked))
    assert [one.usage_input_tokens for one in receipts if one.cache == "similar"] == [0]
