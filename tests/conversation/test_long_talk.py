"""A long conversation that is remembered is reduced to the very bytes of one that is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from talk import Message, anthropic, assistant, forget, tool, user

from sparing import registry
from sparing.core.budget import Budget, Mode
from sparing.pipeline import Reduction, reduce_body
from sparing.settings import PolicySettings

ROWS = [{"id": n, "state": "open" if n % 7 else "failed", "note": f"order {n} of the é region"} for n in range(400)]


def talk() -> list[list[Message]]:
    """Messages of each turn: questions now and then, results of several kinds, the agent's words."""
    turns = []
    for n in range(14):
        rows = json.dumps(ROWS[n * 20 : n * 20 + 60])
        log = "\n".join(
            f"2024-05-01 12:{n:02}:{i % 60:02} INFO worker {i} took order {i * n} {'!' * (i % 5)}" for i in range(90)
        )
        turn = [user(f"Which order of batch {n} failed?")] if n % 3 == 0 else []
        turn += [*tool(n, rows if n % 2 else log), assistant(f"I looked at page {n}.")]
        turns.append(turn)
    return turns


def marked(messages: list[Message]) -> list[Message]:
    """With the caller's mark on the newest message, as agents set it: it moves on with every turn."""
    *earlier, last = messages
    block: dict[str, Any] = {"type": "text", "text": "Go on."}
    content = last["content"] if isinstance(last["content"], list) else [{"type": "text", "text": last["content"]}]
    return [*earlier, {**last, "content": [*content, {**block, "cache_control": {"type": "ephemeral"}}]}]


def send(messages: list[Message], wire: str, **fields: Any) -> Reduction:
    body = json.dumps({"model": "gpt-4o", "max_tokens": 99, "messages": messages, **fields}).encode()
    policy = PolicySettings(deadline_ms=60_000, recall=True)
    return reduce_body(body, registry.load("wires", wire), policy, Budget(), Mode.ON)


def said(reduction: Reduction) -> tuple[bytes, Any]:
    """What goes out, and the account of it."""
    receipt = reduction.receipt
    return reduction.body, (receipt.tokens_before, receipt.tokens_after, receipt.reason, receipt.spans)


@pytest.mark.parametrize("case", ["openai.chat", "anthropic.messages", "marked"])
def test_same_bytes_with_and_without_memory(case: str) -> None:
    """Turn by turn; then an earlier turn again, another branch, and a request with one more field before it all."""
    wire = "openai.chat" if case == "openai.chat" else "anthropic.messages"
    messages: list[Message] = [{"role": "user", "content": "You are a careful clerk."}]
    requests: list[tuple[list[Message], dict[str, Any]]] = []
    for turn in talk():
        messages = [*messages, *turn]
        own = messages if wire == "openai.chat" else anthropic(messages)
        own = [*own, user("And now?")]
        requests.append((marked(own) if case == "marked" else own, {}))
    longest = requests[-1][0]
    requests += [requests[5], ([*longest[:9], user("Something else: who paid?")], {}), (longest, {"stop": ["x"]})]
    forget()
    warm = [said(send(own, wire, **fields)) for own, fields in requests]
    for (own, fields), known in zip(requests, warm, strict=True):
        forget()
        assert said(send(own, wire, **fields)) == known
    assert len(warm[13][0]) < 0.8 * len(json.dumps(longest))
