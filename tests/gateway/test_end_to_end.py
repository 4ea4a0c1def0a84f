"""Everything real but the provider: pipeline, recorder, file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from raw_client import CHAT, MESSAGES, request
from running_gateway import run_gateway
from scripted_upstream import ScriptedUpstream

from sparing.record.store import ReceiptStore
from sparing.record.writer import Recorder

ERROR = "2026-03-01 10:00:41 ERROR payment 7731 refused: card expired"
LOG = "\n".join(
    ERROR
    if number == 417
    else f"2026-03-01 10:00:{number % 60:02d} INFO worker {number % 7} took job {number} in 12 ms"
    for number in range(900)
)
QUESTION = "Which payment was refused, and why?"


def openai_body() -> dict[str, Any]:
    call = {"id": "c1", "type": "function", "function": {"name": "read_log", "arguments": "{}"}}
    return {
        "model": "gpt-4o",
        "messages": [
            {"role": "user", "content": QUESTION},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": LOG},
        ],
    }


def anthropic_body() -> dict[str, Any]:
    use = {"type": "tool_use", "id": "t1", "name": "read_log", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": LOG}
    return {
        "model": "claude-sonnet",
        "max_tokens": 100,
        "messages": [
            {"role": "user", "content": QUESTION},
            {"role": "assistant", "content": [use]},
            {"role": "user", "content": [result]},
        ],
    }


@pytest.mark.parametrize(("path", "body"), [(CHAT, openai_body()), (MESSAGES, anthropic_body())])
def test_a_long_log_is_shortened_and_the_saving_recorded(
    upstream: ScriptedUpstream, tmp_path: Path, path: str, body: dict[str, Any]
) -> None:
    """The provider gets far less, with what was asked for in it; the receipt in the file says the same as the answer."""
    file = tmp_path / "receipts.sqlite"
    gateway = run_gateway(upstream, recorder=Recorder(file), policy={"deadline_ms": 20_000})
    answer = request(gateway.url, path, body)
    gateway.stop()
    assert answer.status == 200, answer.body
    sent = upstream.seen[0].json
    assert ERROR in json.dumps(sent)
    assert {**sent, "messages": None} == {**body, "messages": None}
    before, after = (int(answer.header(f"x-sparing-tokens-{when}") or 0) for when in ("before", "after"))
    assert after < before / 2
    with ReceiptStore(file, must_exist=True) as store:
        receipt = store.get(answer.header("x-sparing-receipt") or "")
        assert receipt is not None
        assert (receipt.tokens_before, receipt.tokens_after) == (before, after)
        assert (receipt.status, receipt.usage_output_tokens) == (200, 5)
        assert store.totals()[0].saved_tokens == before - after
    assert "payment" not in file.read_bytes().decode("latin-1"), "receipts hold no text"
