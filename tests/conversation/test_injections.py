"""What a tool's result says to the model stays in the tool's role, however the conversation goes on."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from talk import Message, forget, send, tool, user

from sparing.evals.edge_cases.compose import compose
from sparing.evals.edge_cases.nouns import Case
from sparing.evals.edge_cases.read import kernels

CASES = [
    compose(kernel, variation, 0) for kernel in kernels() if kernel.group == "injections" for variation in range(3)
]


def follow_up(case: Case) -> tuple[list[Message], list[Message]]:
    """A tool gives the text; later the same is asked again. As it came, and as it is sent."""
    asked = case.question or "What does it say?"
    messages = [user("Look into this for me."), *tool(1, case.text), {"role": "assistant", "content": "I have it."}]
    messages.append(user(asked))
    sent: list[Message] = json.loads(send(messages, effort="max", min_tokens=1).body)["messages"]
    return messages, sent


@pytest.fixture(autouse=True)
def _fresh() -> None:
    forget()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_an_injected_line_never_gets_into_another_role(case: Case) -> None:
    """Roles and their order stay; no message but the tool's holds the line."""
    came, sent = follow_up(case)
    assert [message["role"] for message in sent] == [message["role"] for message in came]
    line = " ".join(case.injection.split())
    for message in sent:
        if message["role"] != "tool":
            assert line not in " ".join(str(message["content"]).split())


def test_something_is_supplied_all_the_same() -> None:
    """The test above would hold if nothing ever were."""
    supplied = Counter("[From " in str(follow_up(case)[1][-1]["content"]) for case in CASES)
    assert supplied[True] >= len(CASES) // 4
