"""Recall at the gateway: nobody is given a text that is not their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import openai
import pytest
from raw_client import CHAT, MESSAGES, request, wait_until
from recalling_model import LOST, OUR_CALL, POLICY, Say, handle_in, model, recall, results_in, speak
from running_gateway import RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen
from test_end_to_end import LOG, anthropic_body, openai_body

from sparing.finish.recall import UNKNOWN
from sparing.record.elided import SqliteElided
from sparing.record.elided_writer import ElidedWriter

ANSWER = "Payment 7731, because the card had expired. 🂡"


@pytest.fixture
def gateway(start: Callable[..., RunningGateway]) -> RunningGateway:
    return start(policy=POLICY)


@pytest.mark.parametrize("stream", [False, True])
def test_callers_do_not_get_each_others_texts(
    gateway: RunningGateway, upstream: ScriptedUpstream, stream: bool
) -> None:
    """Many at once, each with a log of its own: what comes back is out of the caller's own request."""

    async def script(seen: Seen, out: Out) -> None:
        asked = OUR_CALL in json.dumps(seen.json["messages"])
        say = Say(results_in(seen)[0].split("\n")[1]) if asked else Say("", [recall(handle_in(seen))])
        await speak(seen, out, say, 2 if asked else 1)

    upstream.script = script

    def ask(caller: int) -> str:
        body = openai_body() | {"stream": stream}
        body["messages"][-1]["content"] = LOG.replace("took job", f"took caller {caller}'s job")
        with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="k", max_retries=0, timeout=60) as client:
            if not stream:
                return str(client.chat.completions.create(**body).choices[0].message.content)
            chunks = client.chat.completions.create(**body)
            return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)

    callers = range(6)
    with ThreadPoolExecutor(len(callers)) as threads:
        for caller, answer in zip(callers, threads.map(ask, callers), strict=True):
            assert answer == f"2026-03-01 10:00:00 INFO worker 0 took caller {caller}'s job 0 in 12 ms"


def without_log(path: str) -> dict[str, Any]:
    """The conversation after the client has cut the log from its history."""
    body = openai_body() if path == CHAT else anthropic_body()
    return body | {"messages": [{"role": "user", "content": "And which card was it?"}]}


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_tenants(start: Callable[..., RunningGateway], upstream: ScriptedUpstream, tmp_path: Path, path: str) -> None:
    """Who sent a text can ask for it after cutting it from the history; whoever else knows the handle is told what
    one is told who made it up, and what its owner is told when its time is over."""
    file, handles = tmp_path / "recall.sqlite", [""]
    current = ElidedWriter(partial(SqliteElided, file, keep_s=60.0, max_bytes=1_000_000))
    over = ElidedWriter(partial(SqliteElided, file, keep_s=-1.0, max_bytes=1_000_000))
    gateway, later = start(policy=POLICY, elided=current), start(policy=POLICY, elided=over)

    def talk(seen: Seen, _number: int) -> Say:
        if "more: sparing_recall(" in json.dumps(seen.json["messages"]):
            handles[0] = handle_in(seen)
            return Say(ANSWER)
        asked = OUR_CALL in json.dumps(seen.json["messages"])
        return Say(ANSWER) if asked else Say("", [recall(handles[0], about="job 595")])

    model(upstream, talk)
    body = openai_body() if path == CHAT else anthropic_body()

    def given(url: str, key: str) -> str:
        assert request(url, path, without_log(path), {"authorization": f"Bearer {key}"}).status == 200
        return results_in(upstream.seen[-1])[0]

    assert request(gateway.url, path, body, {"authorization": "Bearer alice"}).status == 200
    wait_until(lambda: LOST in given(gateway.url, "alice"))
    assert given(gateway.url, "mallory") == UNKNOWN
    assert b"alice" not in b"".join(part.read_bytes() for part in tmp_path.iterdir())
    assert request(later.url, path, body, {"authorization": "Bearer alice"}).status == 200
    wait_until(lambda: given(gateway.url, "alice") == UNKNOWN)


def test_nothing_is_kept_by_default(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """A handle of something that the request does not hold gives nothing, even to who sent it a moment ago."""
    request(gateway.url, CHAT, openai_body())
    handle = handle_in(upstream.seen[-1])
    model(upstream, lambda seen, number: Say(ANSWER) if number == 3 else Say("", [recall(handle)]))
    request(gateway.url, CHAT, without_log(CHAT))
    assert results_in(upstream.seen[-1]) == [UNKNOWN]
