"""Answers held to their passages at the gateway: marked, taken out, asked for once more, streamed."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path

import anthropic
import pytest
from raw_client import connect, wait_until
from running_gateway import RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen
from store_gateway import (
    ALICE,
    BORNE_OUT,
    CAPITAL,
    MADE_UP,
    PROSE,
    QUESTION,
    lines,
    put,
    says,
    settings,
    talk,
)
from store_gateway import ask_kb as ask

Start = Callable[..., RunningGateway]


def test_of_a_checked_answer_only_the_sentence_changes(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path
) -> None:
    """Byte for byte; the header and the receipt say how many sentences were not borne out."""
    upstream.script = says(f"{BORNE_OUT} {MADE_UP}")
    gateway = start(toml=settings(store, audit, policy='store_check = "mark"'), policy={"deadline_ms": 60_000})
    plain = ask(gateway, talk(QUESTION), x_sparing_policy="grounded", x_sparing_store="none")
    reply = ask(gateway, talk(QUESTION), x_sparing_policy="grounded")
    assert reply.body == plain.body.replace(MADE_UP.encode(), f"{MADE_UP} [unsupported]".encode())
    assert reply.header("x-sparing-checked") == "1 of 2 unsupported"
    receipt = gateway.recorder.wait_for(2)[1]
    assert (receipt.claims, receipt.unsupported) == (2, 1)


@pytest.fixture
def long_store(tmp_path: Path) -> Path:
    """Several long passages about the same."""
    for number in range(6):
        put(tmp_path / "long.db", f"{number}.md", f"The capital of France, part {number}. {PROSE[: 900 + number]}")
    return tmp_path / "long.db"


WIDER = 'store_check = "mark"\nstore_wider = 3\nstore_tokens = 300'


def open_to_all(store: Path, audit: Path, policy: str) -> str:
    return (
        f'[retrieval]\naudit_path = "{audit}"\n[stores.kb]\nwhere = "{store}"\n'
        f'[policies.grounded]\nstore = "kb"\nanswer_tokens = 77\ndeadline_ms = 60_000\n{policy}\n'
    )


def test_an_answer_that_nothing_bears_out_is_asked_for_once_more(
    start: Start, upstream: ScriptedUpstream, long_store: Path, audit: Path
) -> None:
    """With more passages and the same limits; what both answers cost is counted, and the audit says so."""
    better = "Paragraph 0 tells of the harbour, its cranes, and ship number 0 [1]."
    upstream.script = says(MADE_UP, better)
    gateway = start(toml=open_to_all(long_store, audit, WIDER), policy={"deadline_ms": 60_000})
    reply = ask(gateway, talk(QUESTION), x_sparing_policy="grounded", x_sparing_store="kb")
    assert reply.json["choices"][0]["message"]["content"] == better
    first, second = upstream.seen
    assert len(second.body) > len(first.body) * 1.5
    assert second.json["max_tokens"] == 77
    receipt = gateway.recorder.wait_for(1)[0]
    assert (receipt.usage_input_tokens, receipt.usage_output_tokens) == (200, 14)
    assert len([span for span in receipt.spans if span.kind == "passage"]) > 1
    line = lines(audit, 1)[0]
    assert line.wider
    assert sum(passage.sent for passage in line.passages) > 1


@pytest.mark.parametrize("stream", [True, False])
def test_no_more_is_asked_than_that(
    start: Start, upstream: ScriptedUpstream, long_store: Path, audit: Path, stream: bool
) -> None:
    """A second answer is the last; a stream is passed on as it comes, and checked."""
    upstream.script = says(MADE_UP)
    gateway = start(toml=open_to_all(long_store, audit, WIDER), policy={"deadline_ms": 60_000})
    reply = ask(gateway, talk(QUESTION, stream=stream), x_sparing_policy="grounded")
    assert MADE_UP in reply.body.decode()
    assert len(upstream.seen) == (1 if stream else 2)
    wait_until(lambda: lines(audit, 1)[0].unsupported == 1)
    assert lines(audit, 1)[0].wider is not stream


def test_there_is_no_second_try_without_more_to_read(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path
) -> None:
    """The answer is marked, and its tokens are counted once."""
    upstream.script = says(MADE_UP)
    gateway = start(toml=settings(store, audit, policy='store_check = "mark"\nstore_wider = 3'))
    reply = ask(gateway, talk(QUESTION), x_sparing_policy="grounded")
    assert reply.json["choices"][0]["message"]["content"] == f"{MADE_UP} [unsupported]"
    assert len(upstream.seen) == 1
    assert gateway.recorder.wait_for(1)[0].usage_input_tokens == 100
    assert not lines(audit, 1)[0].wider


@pytest.mark.parametrize("query", ["?alt=sse", ""])
def test_geminis_streams_pass_as_they_come_and_are_checked(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path, query: str
) -> None:
    """As events, and as an array that grows: the first piece goes out before the last has come."""
    last = threading.Event()

    async def script(_seen: Seen, out: Out) -> None:
        pieces = [
            json.dumps({"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": end}]})
            for text, end in ((BORNE_OUT, None), (f" {MADE_UP}", "STOP"))
        ]
        kind = "text/event-stream" if query else "application/json"
        await out.head(200, {"content-type": kind, "transfer-encoding": "chunked"})
        await out.chunk((f"data: {pieces[0]}\n\n" if query else f"[{pieces[0]}").encode())
        await asyncio.to_thread(last.wait, 20)
        await out.chunk((f"data: {pieces[1]}\n\n" if query else f",{pieces[1]}]").encode())
        await out.end()

    upstream.script = script
    gateway = start(toml=settings(store, audit, policy='store_check = "mark"'))
    connection = connect(gateway.url)
    body = json.dumps({"contents": [{"role": "user", "parts": [{"text": QUESTION}]}]})
    headers = {"x-goog-api-key": ALICE, "x-sparing-policy": "grounded", "content-type": "application/json"}
    connection.request("POST", f"/v1beta/models/gemini-2.5-flash:streamGenerateContent{query}", body, headers)
    response = connection.getresponse()
    assert BORNE_OUT in response.read1().decode()
    last.set()
    assert "[unsupported]" not in response.read().decode()
    connection.close()
    wait_until(lambda: len(lines(audit, 1)) == 1)
    assert (lines(audit, 1)[0].claims, lines(audit, 1)[0].unsupported) == (2, 1)


@pytest.fixture
def checked(start: Start, upstream: ScriptedUpstream, store: Path, audit: Path) -> RunningGateway:
    return start(toml=settings(store, audit, policy='store_check = "remove"'))


def test_anthropics_client_reads_a_checked_answer(checked: RunningGateway, upstream: ScriptedUpstream) -> None:
    """What the passage bears out, though the model cites nothing; and cited for it."""
    client = anthropic.Anthropic(base_url=checked.url, api_key=ALICE, max_retries=0)
    message = client.messages.create(
        model="claude-x",
        max_tokens=50,
        messages=[{"role": "user", "content": QUESTION}],
        extra_headers={"x-sparing-policy": "grounded"},
    )
    client.close()
    assert CAPITAL in upstream.seen[-1].body.decode()
    assert [block.text for block in message.content if block.type == "text"] == ["The capital is Paris. [1]"]


def test_an_answer_of_which_nothing_is_left_is_a_refusal(checked: RunningGateway, upstream: ScriptedUpstream) -> None:
    """That says what was looked at."""
    upstream.script = says(MADE_UP)
    reply = ask(checked, talk(QUESTION), x_sparing_policy="grounded")
    said = reply.json["choices"][0]["message"]["content"]
    assert said.startswith("I found no answer")
    assert "geo.md" in said


def test_a_second_answer_ends_at_the_ceiling_too(
    start: Start, upstream: ScriptedUpstream, long_store: Path, audit: Path
) -> None:
    """What is asked for once more is no longer than the policy says."""
    sentence = "Paragraph 0 tells of the harbour, its cranes, and ship number 0 [1]."
    upstream.script = says(MADE_UP, " ".join([sentence] * 9))
    toml = open_to_all(long_store, audit, f"{WIDER}\nceiling_tokens = 25")
    gateway = start(toml=toml, policy={"deadline_ms": 60_000})
    reply = ask(gateway, talk(QUESTION), x_sparing_policy="grounded")
    said = reply.json["choices"][0]
    assert len(upstream.seen) == 2
    assert 0 < said["message"]["content"].count(sentence) < 9
    assert said["finish_reason"] == "length"
