"""Files that an agent reads are sent whole, and once: read again, they are a reference and what is different."""

from __future__ import annotations

import json

import pytest
from talk import Message, assistant, forget, send, tool, user

from sparing.errors import BudgetExceeded

FILE = "".join(f"def step_{n}(order):\n    return order.total * {n} + {n * n}\n\n\n" for n in range(60))
CHANGED = FILE.replace("order.total * 7 ", "order.total * 7.5 ").replace("def step_30", "def thirtieth")
LOG = "\n".join(f"12:{n // 60:02}:{n % 60:02} INFO worker {n % 7} finished batch {n}" for n in range(600))
FIX = user("Fix the seventh step.")


def contents(messages: list[Message], **policy: object) -> list[str]:
    forget()
    return [message["content"] for message in json.loads(send(messages, **policy).body)["messages"]]  # type: ignore[arg-type]


def test_a_file_read_again_is_a_reference_and_its_difference() -> None:
    """The first copy goes whole; of the second only the changed lines, with their numbers, and where the rest is."""
    sent = contents([FIX, *tool(1, FILE, "read_file"), *tool(2, "done", "edit"), *tool(3, CHANGED, "read_file")])
    assert sent[2] == FILE
    assert "messages[2].content" in sent[6]
    assert "def thirtieth(order):" in sent[6]
    assert "return order.total * 7.5 + 49" in sent[6]
    assert len(sent[6]) < len(CHANGED) / 8


def test_the_same_file_again_is_a_mere_reference() -> None:
    """Nothing of it is sent twice."""
    sent = contents(
        [FIX, *tool(1, FILE, "read_file"), assistant("I see."), user("Go on."), *tool(2, FILE, "read_file")]
    )
    assert "as in messages[2].content" in sent[-1]
    assert "return" not in sent[-1].replace('"def step_0(order):', "")


def test_nothing_of_a_file_is_left_out_for_a_budget() -> None:
    """What else there is gives way; without that the budget is too small."""
    talk = [FIX, *tool(1, FILE, "read_file"), *tool(2, LOG, "logs"), assistant("Hm."), user("And now?")]
    whole = send(talk, effort="off").receipt.tokens_before
    assert contents(talk, budget=whole // 2)[2] == FILE
    with pytest.raises(BudgetExceeded):
        send([FIX, *tool(1, FILE, "read_file")], budget=200)


@pytest.mark.parametrize("effort", ["safe", "balanced", "max"])
def test_what_stands_beside_a_file_is_reduced_as_if_it_were_alone(effort: str) -> None:
    """A file is no room for others to lose less or more in."""
    alone = contents([FIX, *tool(1, LOG, "logs")], effort=effort)[2]
    call = tool(1, LOG, "logs"), tool(2, FILE, "read_file")
    asking = {**call[0][0], "tool_calls": [*call[0][0]["tool_calls"], *call[1][0]["tool_calls"]]}
    beside = contents([FIX, asking, call[0][1], call[1][1]], effort=effort)
    assert beside[2:] == [alone, FILE]


def test_an_old_file_is_never_told_in_a_line() -> None:
    """Where every other old result is."""
    talk = [FIX, *tool(0, FILE, "read_file")]
    for number in range(1, 40):
        talk += tool(number, f"{LOG}\nrun {number}", "logs")
    sent = contents(talk, keep_turns=1)
    assert sent[2] == FILE
    assert len(sent[4]) < 400


def test_an_exempt_text_keeps_a_file_to_the_letter() -> None:
    """Also the second time, and whatever tool shows it."""
    talk = [FIX, *tool(1, FILE, "cat"), *tool(2, "done", "edit"), *tool(1, CHANGED, "cat")]
    assert contents(talk)[2] != FILE
    kept = contents(talk, exempt_texts=('"page": 1',))
    assert (kept[2], kept[6]) == (FILE, CHANGED)
