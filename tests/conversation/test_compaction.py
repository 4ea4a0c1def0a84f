"""Old tool results become a line each: rarely, at the same points everywhere, and never at a loss."""

from __future__ import annotations

import json

import pytest
from talk import Message, forget, send, tool, user

from sparing.pipeline import Reduction
from sparing.plan.economics import CacheCosts, cache_costs
from sparing.prices.lookup import prices_for

TURNS = 70


def result(n: int) -> str:
    """A listing of about 300 tokens with ids of its own."""
    rows = [
        f"{i:02d} ship-{n * 100 + i} left harbour {n % 7} with {17 * i + n} crates, seal {n}{i}X" for i in range(16)
    ]
    return "\n".join([f"manifest of day {n}", *rows])


def agent(turns: int) -> list[Message]:
    messages = [user("Find out which ship carried the missing crates. Never touch the ledger.")]
    for n in range(turns):
        messages += tool(n, result(n), name="list_ships")
    return messages


@pytest.fixture(scope="module")
def sent() -> list[Reduction]:
    """Every request of a long run."""
    forget()
    return [send(agent(n)) for n in range(1, TURNS)]


def _breaks(sent: list[Reduction]) -> list[int]:
    pairs = enumerate(zip(sent, sent[1:], strict=False), 1)
    return [n for n, (a, b) in pairs if not b.body.startswith(a.body.removesuffix(b"]}"))]


def test_it_happens_rarely_and_not_early(sent: list[Reduction]) -> None:
    """Nothing in the newest turns is touched, and the prefix holds between few points."""
    breaks = _breaks(sent)
    assert breaks
    assert breaks[0] > 24
    assert len(breaks) <= 12


def test_old_results_are_lines_that_say_what_they_were(sent: list[Reduction]) -> None:
    """The tool, its size and names in it; the newest 24 turns, the user's words and the calls as they were."""
    messages = json.loads(sent[-1].body)["messages"]
    assert messages[2]["content"].startswith("[… list_ships: 17 lines")
    assert "00X" in messages[2]["content"]
    assert [m["content"] for m in messages[-47::2]] == [result(n) for n in range(TURNS - 25, TURNS - 1)]
    came = agent(TURNS - 1)
    assert [m for m in messages if m["role"] != "tool"] == [m for m in came if m["role"] != "tool"]


def test_every_replica_compacts_at_the_same_points(sent: list[Reduction]) -> None:
    """A process that sees the conversation for the first time sends the same bytes."""
    for n in (26, 40, TURNS - 1):
        forget()
        assert send(agent(n)).body == sent[n - 1].body


def test_it_can_be_turned_off() -> None:
    """Then the prefix never breaks."""
    assert not _breaks([send(agent(n), compaction="off") for n in range(1, 50)])


@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-5"])
def test_it_costs_less_than_leaving_all_as_it_is(model: str) -> None:
    """The whole run, at the prices of the model that it is sent to; the dearer breaking a cache is, the later."""
    costs = cache_costs(prices_for(model))
    with_it = [send(agent(n), model=model) for n in range(1, TURNS)]
    without = [send(agent(n), model=model, compaction="off") for n in range(1, TURNS)]
    assert _cost(with_it, costs) < _cost(without, costs)


def _cost(sent: list[Reduction], costs: CacheCosts) -> float:
    total, before, tokens_before = 0.0, b"", 0
    for reduction in sent:
        tokens = reduction.receipt.tokens_after
        pairs = zip(before, reduction.body, strict=False)
        common = next((at for at, (a, b) in enumerate(pairs) if a != b), len(before))
        cached = tokens_before * common // max(1, len(before))
        total += (tokens - cached) * costs.write + cached * costs.read
        before, tokens_before = reduction.body.removesuffix(b"]}"), tokens
    return total


def test_the_receipt_tells_what_is_written_again(sent: list[Reduction]) -> None:
    """At a break the tokens behind it, at no other turn any."""
    breaks = _breaks(sent)
    rewritten = [n for n, reduction in enumerate(sent) if reduction.receipt.rewritten_tokens]
    assert rewritten == breaks
    assert all(0 < sent[n].receipt.rewritten_tokens < sent[n].receipt.tokens_after for n in breaks)


def test_the_signs_between_strings_of_a_call_are_no_names() -> None:
    """A call's JSON has quotes around them, too."""
    forget()
    messages = [user("Find out which ship carried the missing crates.")]
    for n in range(TURNS):
        call, answer = tool(n, f'"page": "{n}", "port": "{n}"\n{result(n)}', name="list_ships")
        call["tool_calls"][0]["function"]["arguments"] = json.dumps({"page": str(n), "port": f"port {n}"})
        messages += [call, answer]
    line = json.loads(send(messages).body)["messages"][2]["content"]
    assert line.startswith("[… list_ships: 18 lines")
    assert " : " not in line
    assert " , " not in line
