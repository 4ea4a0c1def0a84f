"""Old results told in a model's words: only if the policy says so, only what the result bears out, and only once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from raw_client import CHAT, request
from running_gateway import RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen, answer

from sparing.conversation.memory import MEMORY
from sparing.receive.resume import WALKS
from sparing.record.summaries import MemorySummaries, SqliteSummaries

Start = Callable[..., RunningGateway]
POLICY = {"compaction": "summary", "summary_model": "small", "deadline_ms": 20_000}


def result(n: int) -> str:
    """A listing of about 300 tokens with ids of its own."""
    rows = [f"{i:02d} ship-{n * 100 + i} left harbour {n % 7} with {17 * i + n} crates" for i in range(16)]
    return "\n".join([f"manifest of day {n}", *rows])


def agent(turns: int) -> bytes:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Which ship carried the missing crates?"}]
    for n in range(turns):
        function = {"name": "list_ships", "arguments": json.dumps({"day": n})}
        call = {"id": f"c{n}", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"c{n}", "content": result(n)})
    return json.dumps({"model": "gpt-4o", "messages": messages}).encode()


class Writer:
    """A provider whose model `small` writes summaries; `write` makes one of a result's day."""

    def __init__(self, upstream: ScriptedUpstream, write: Callable[[int], str] | None = None) -> None:
        self.asked: list[int] = []
        self._upstream = upstream
        self._write = write or (lambda day: f"day {day}: ship-{day * 100} sailed with few crates")
        upstream.script = self._answer

    async def _answer(self, seen: Seen, out: Out) -> None:
        if seen.json.get("model") != "small":
            await answer(seen, out)
            return
        day = int(seen.json["messages"][0]["content"].split("manifest of day ")[1].split()[0])
        self.asked.append(day)
        message = {"role": "assistant", "content": self._write(day)}
        usage = {"prompt_tokens": 300, "completion_tokens": 20, "total_tokens": 320}
        await out.json({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage})

    @property
    def sent(self) -> list[bytes]:
        """What the model that was asked by the client saw, request by request."""
        return [seen.body for seen in self._upstream.seen if seen.json.get("model") != "small"]


def forget() -> None:
    MEMORY.clear()
    WALKS.clear()


def run(gateway: RunningGateway, turns: range) -> None:
    for n in turns:
        assert request(gateway.url, CHAT, agent(n)).status == 200


def tool_texts(body: bytes) -> list[str]:
    return [m["content"] for m in json.loads(body)["messages"] if m["role"] == "tool"]


def breaks(sent: list[bytes]) -> list[int]:
    pairs = enumerate(zip(sent, sent[1:], strict=False), 1)
    return [n for n, (a, b) in pairs if not b.startswith(a.removesuffix(b"]}"))]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    forget()


def test_old_results_are_told_in_the_models_words(start: Start, upstream: ScriptedUpstream) -> None:
    """At the same few points as without, each result asked for once, and what was sent stays what was sent."""
    writer, gateway = Writer(upstream), start(policy=POLICY)
    run(gateway, range(20, 50))
    told = [text for text in tool_texts(writer.sent[-1]) if text.startswith("[…")]
    assert told
    assert all("a model's summary: day" in text for text in told)
    assert "day 0: ship-0 sailed with few crates" in told[0]
    assert len(writer.asked) == len(set(writer.asked)) == len(told)
    assert 0 < len(breaks(writer.sent)) <= 4


def test_a_restart_that_keeps_them_sends_the_same_bytes(
    start: Start, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    """With a store nobody is asked again."""
    writer, path = Writer(upstream), tmp_path / "recall.sqlite"
    run(start(policy=POLICY, summaries=MemorySummaries(behind=SqliteSummaries(path, 3600))), range(20, 45))
    asked, before = len(writer.asked), writer.sent[-1]
    assert asked
    forget()
    run(start(policy=POLICY, summaries=MemorySummaries(behind=SqliteSummaries(path, 3600))), range(44, 45))
    assert (writer.sent[-1], len(writer.asked)) == (before, asked)


def test_forgotten_ones_are_lines_again(start: Start, upstream: ScriptedUpstream) -> None:
    """A process that has never seen them sends what it would send if no model were allowed to write any."""
    writer = Writer(upstream)
    run(start(policy=POLICY), range(20, 45))
    with_summaries = writer.sent[-1]
    forget()
    run(start(policy=POLICY), range(44, 45))
    forgotten = writer.sent[-1]
    run(start(policy={**POLICY, "compaction": "mask"}), range(44, 45))
    assert with_summaries != forgotten == writer.sent[-1]


@pytest.mark.parametrize(
    "write",
    [
        lambda day: f"day {day}: ship-{day}99 sank with 123456 crates",  # a number that is nowhere in the result
        lambda _: "",
        lambda day: f"day {day} " + "and so on " * 200,
    ],
)
def test_what_the_result_does_not_bear_out_is_not_sent(
    start: Start, upstream: ScriptedUpstream, write: Callable[[int], str]
) -> None:
    """An invented number, nothing, or an essay: the line says what it says without a model, and stays."""
    writer, gateway = Writer(upstream, write), start(policy=POLICY)
    run(gateway, range(20, 45))
    told = [text for text in tool_texts(writer.sent[-1]) if text.startswith("[…")]
    assert told
    assert not any("summary" in text for text in told)
    assert len(writer.asked) == len(set(writer.asked))


def test_a_model_that_does_not_answer_costs_its_time_once(start: Start, upstream: ScriptedUpstream) -> None:
    """The request goes out without; nobody waits for the same summary again."""

    async def slow(seen: Seen, out: Out) -> None:
        if seen.json.get("model") == "small":
            await asyncio.sleep(60)
        else:
            await answer(seen, out)

    upstream.script = slow
    gateway = start(policy={**POLICY, "summary_s": 0.2})
    run(gateway, range(20, 45))
    sent = [seen.body for seen in upstream.seen if seen.json.get("model") != "small"]
    assert any(text.startswith("[…") for text in tool_texts(sent[-1]))
    assert len(breaks(sent)) <= 4


def test_the_ledger_debits_them(start: Start, upstream: ScriptedUpstream) -> None:
    """Each has a receipt of its own with what the provider billed for it."""
    writer, gateway = Writer(upstream), start(policy=POLICY)
    run(gateway, range(20, 45))
    receipts = gateway.recorder.wait_for(25 + len(writer.asked))
    own = [receipt for receipt in receipts if receipt.mode == "own"]
    assert len(own) == len(writer.asked)
    assert {(r.model, r.usage_input_tokens, r.usage_output_tokens) for r in own} == {("small", 300, 20)}
    assert all(r.saved_tokens < 0 for r in own)


def test_nobody_is_asked_unless_the_policy_says_so(start: Start, upstream: ScriptedUpstream) -> None:
    """By default, and in audit mode, no call is made that the client did not make."""
    writer = Writer(upstream)
    run(start(policy={"deadline_ms": 20_000}), range(30, 45))
    forget()
    run(start(policy={**POLICY, "mode": "audit"}), range(30, 45))
    assert not writer.asked


def test_one_tenants_summaries_are_not_anothers(start: Start, upstream: ScriptedUpstream) -> None:
    """The same conversation under another key is asked about again."""
    writer, gateway = Writer(upstream), start(policy=POLICY)
    for key in ("one", "two"):
        for n in range(26, 45):
            request(gateway.url, CHAT, agent(n), {"authorization": f"Bearer {key}"})
    assert len(writer.asked) == 2 * len(set(writer.asked))
