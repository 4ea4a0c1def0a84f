"""Breakpoints on the way of a whole request: where they are set, what they leave alone, and that the fold keeps them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sparing import registry
from sparing.core.budget import Budget, Mode
from sparing.pipeline import Reduction, reduce_body
from sparing.settings import PolicySettings

TOOL = {"name": "search", "description": "Looks things up.", "input_schema": {"type": "object"}}
RULES = "Answer from what you find, and name the room. " * 120  # well above 1,024 tokens


def run(body: bytes, mode: Mode = Mode.ON, wire: str = "anthropic.messages", **policy: Any) -> Reduction:
    return reduce_body(body, registry.load("wires", wire), PolicySettings(**policy), Budget(), mode)


def listing(topic: str) -> str:
    return "\n".join(
        f"{topic} shelf {number}: a grey box with {number * 7 % 50} letters of the year {1800 + number} inside"
        for number in range(300)
    )


def agent(num_turns: int, model: str = "claude-sonnet-4-5") -> bytes:
    """An agent that has looked things up so many times."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Which shelf holds the letters of 1833?"}]
    for turn in range(num_turns):
        call = {"type": "tool_use", "id": f"t{turn}", "name": "search", "input": {"query": f"room {turn}"}}
        result = {"type": "tool_result", "tool_use_id": f"t{turn}", "content": listing(f"room {turn}")}
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    return json.dumps(
        {"model": model, "max_tokens": 9, "system": RULES, "tools": [TOOL], "messages": messages}
    ).encode()


def seen(body: bytes) -> tuple[list[Any], list[int]]:
    """The blocks of the messages as the provider's cache sees them, and which are marked."""
    blocks = []
    for message in json.loads(body)["messages"]:
        content = message["content"]
        blocks += [{"type": "text", "text": content}] if isinstance(content, str) else content
    marked = [index for index, block in enumerate(blocks) if block.pop("cache_control", None)]
    return blocks, marked


def test_a_reduced_conversation_keeps_its_prefix_and_marks_it() -> None:
    """Turn by turn: what was cached last time begins this request, byte for byte, and is marked at its end."""
    cached: list[Any] = []
    for turn in range(5):
        reduction = run(agent(turn))
        receipt = reduction.receipt
        blocks, marked = seen(reduction.body)
        assert blocks[: len(cached)] == cached
        assert marked == ([len(cached) - 1, len(blocks) - 1] if cached else [len(blocks) - 1])
        assert receipt.cache_marks == len(marked) + 1  # and the system prompt; one tool is too short
        assert receipt.tokens_after < receipt.tokens_before or turn == 0
        cached = blocks


def test_a_request_that_is_not_reduced_is_marked_all_the_same() -> None:
    """The reason is still told, and so is the mark."""
    body = agent(0)
    reduction = run(body)
    assert reduction.receipt.reason.startswith("nothing in this request")
    assert reduction.receipt.cache_marks == 2
    assert reduction.receipt.tokens_after == reduction.receipt.tokens_before
    said = json.loads(reduction.body)
    assert said["system"] == [{"type": "text", "text": RULES, "cache_control": {"type": "ephemeral"}}]
    assert said["tools"] == [TOOL]


@pytest.mark.parametrize(
    ("body", "options"),
    [
        (agent(0), {"cache_marks": False}),
        (agent(0), {"effort": "off"}),
        (agent(0), {"mode": Mode.AUDIT}),
        (agent(0), {"mode": Mode.OFF}),
        (agent(0, model="claude-of-tomorrow"), {}),
        (agent(0, model="gpt-4o"), {}),
        (agent(0).replace(RULES.encode(), b"Be brief."), {}),
    ],
    ids=["setting off", "effort off", "audit", "mode off", "no price row", "automatic cache", "too short"],
)
def test_without_reason_to_mark_the_very_bytes_go_out(body: bytes, options: dict[str, Any]) -> None:
    """A mark is only set where it can be cached, the provider has to be told, and the policy lets us."""
    reduction = run(body, **options)
    assert reduction.body == body
    assert reduction.receipt.cache_marks == 0


def test_prices_of_ones_own_decide_as_well(tmp_path: Path) -> None:
    """A model with a row that says `explicit` is marked from the length that the row says."""
    file = tmp_path / "prices.toml"
    row = '{ models = ["claude-of-tomorrow"], input_usd = 1, output_usd = 2, cache_min_tokens = %d }'
    table = '[anthropic]\nas_of = 2026-01-01\ncache = "explicit"\nrows = [' + row + "]\n"
    body = agent(0, model="claude-of-tomorrow")
    file.write_text(table % 500)
    assert run(body, prices_file=str(file)).receipt.cache_marks == 2
    longer = tmp_path / "longer.toml"
    longer.write_text(table % 50_000)
    assert run(body, prices_file=str(longer)).body == body
