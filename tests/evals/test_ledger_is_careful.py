"""The ledger sees one side only. Here both are billed: what it claims is never more than what was really saved."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sparing import registry
from sparing.core.budget import Budget, Mode
from sparing.core.prices import Prices
from sparing.core.receipt import Receipt
from sparing.core.usage import Usage
from sparing.evals.traffic.cache import PromptCache
from sparing.evals.traffic.sent import sent
from sparing.evals.traffic.translate import to_anthropic
from sparing.pipeline import reduce_body
from sparing.prices.lookup import prices_for
from sparing.record.money import Charge, price
from sparing.settings import PolicySettings
from sparing.tokens.models import counter_for

ANSWER_TOKENS = 40


def listing(topic: int) -> str:
    return json.dumps(
        [
            {
                "shelf": number,
                "room": f"room {topic}",
                "letters": number * 7 % 50,
                "year": 1800 + number,
                "state": "fine",
            }
            for number in range(80)
        ]
    )


def request(num_turns: int) -> bytes:
    """An agent that has looked things up so many times, in OpenAI's form."""
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "Name the shelf. " * 150},
        {"role": "user", "content": "Which shelf of which room holds letters of 1833?"},
    ]
    for turn in range(num_turns):
        call = {"id": f"t{turn}", "type": "function", "function": {"name": "look", "arguments": f'{{"room": {turn}}}'}}
        messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"t{turn}", "content": listing(turn)})
    return json.dumps({"model": "gpt-4o", "messages": messages}).encode()


def billed(cache: PromptCache, body: bytes, wire: Any, model: str) -> Usage:
    return cache.bill(sent(wire.parse(body), counter_for(model)), ANSWER_TOKENS)


def charge(receipt: Receipt, usage: Usage) -> Charge:
    return Charge(
        "", receipt.model, "", receipt.mode, usage, receipt.tokens_before, receipt.tokens_after,
        receipt.resupplied_tokens, receipt.rewritten_tokens, cache_marks=receipt.cache_marks,
    )  # fmt: skip


def claimed_and_real_usd(bodies: list[bytes], wire_name: str, model: str) -> tuple[float, float]:
    """What the ledger claims for a conversation, and the difference of two bills."""
    wire, prices = registry.load("wires", wire_name), prices_for(model)
    assert prices is not None
    with_us, without_us = PromptCache(prices, counter_for(model)), PromptCache(prices, counter_for(model))
    claimed = real = 0.0
    for body in bodies:
        reduction = reduce_body(body, wire, PolicySettings(), Budget(), Mode.ON)
        usage = billed(with_us, reduction.body, wire, model)
        bill = price(charge(reduction.receipt, usage), find)
        assert bill is not None
        claimed += bill.saved_usd
        real += prices.cost_usd(billed(without_us, body, wire, model)) - prices.cost_usd(usage)
    return claimed, real


def find(model: str, provider: str, prompt_tokens: int) -> Prices | None:
    return prices_for(model, provider, prompt_tokens=prompt_tokens)


@pytest.mark.parametrize(
    ("wire", "model", "marks", "least"),
    [
        ("openai.chat", "gpt-4o", False, 0.5),
        ("anthropic.messages", "claude-sonnet-4-5", True, 0.5),
        ("anthropic.messages", "claude-sonnet-4-5", False, 0.98),  # the breakpoints are ours: nothing is in doubt
    ],
    ids=["automatic", "the caller's breakpoints", "our breakpoints"],
)
def test_the_claim_is_within_what_was_saved(wire: str, model: str, marks: bool, least: float) -> None:
    """And no less than half of it: the newest turn is new on both sides, and there the ledger claims too little."""
    bodies = [request(turn) for turn in range(8)]
    if wire == "anthropic.messages":
        bodies = [to_anthropic(body, model, marks=marks) for body in bodies]
    claimed, real = claimed_and_real_usd(bodies, wire, model)
    assert real > 0
    assert least * real <= claimed <= 1.001 * real
