"""What a text refers to is sent whole, in the very request that holds the reference."""

from __future__ import annotations

import json
from collections.abc import Callable

from talk import Message, assistant, forget, send, tool, user

DAYS = 50


def manifest(day: int) -> str:
    """About 300 tokens with ids of their own."""
    rows = [f"{i:02d} ship-{day * 100 + i} left harbour {day % 7} with {17 * i + day} crates" for i in range(16)]
    return "\n".join([f"manifest of day {day}", *rows])


def record(day: int) -> str:
    """About 300 tokens of JSON."""
    return json.dumps({"day": f"D{day}", **{f"ship{i}": f"seal {day}{i}X, {17 * i + day} crates" for i in range(20)}})


def _agent(num: int, last: str, result_of: Callable[[int], str]) -> list[Message]:
    messages = [user("Find out which ship carried the missing crates.")]
    for day in range(num - 1):
        messages += tool(day, result_of(day), name="list_ships")
    return [*messages, *tool(num - 1, last, name="list_ships")]


def _contents(messages: list[Message]) -> list[str]:
    return [message["content"] for message in json.loads(send(messages).body)["messages"]]


def test_a_result_told_in_a_line_is_not_referred_to() -> None:
    """Whether compaction came before the repeat or comes with it."""
    for result_of in (manifest, record):
        forget()
        told_in_a_line = referred_to = 0
        for num in range(2, DAYS):
            contents = _contents(_agent(num, result_of(0), result_of))
            _contents(_agent(num, result_of(num - 1), result_of))
            is_line = contents[2].startswith("[… list_ships")
            assert not (is_line and "as in messages[2]" in contents[-1])
            told_in_a_line += is_line
            referred_to += "as in messages[2]" in contents[-1]
        assert told_in_a_line
        assert referred_to


def test_a_budget_leaves_no_trace_in_other_requests() -> None:
    """What a request under a budget said last is not taken for a part of one that goes on otherwise."""
    page = "\n".join(
        f"{i:03d} the ship vessel-{i * 7} left with {i * 13} crates for harbour {i % 9}" for i in range(80)
    )
    opening = [user("What is up?"), assistant("Not much."), *tool(1, page.replace("ship", "barge"))]
    one = [*opening, assistant(f"{page}\nand so on."), user("What?")]
    other = [*opening, assistant("Noted."), user("Look again."), *tool(2, page)]
    forget()
    alone = send(other).body
    forget()
    send(one, budget=2_000)
    assert send(other).body == alone
