"""Under a budget that nothing else can hold, old messages give way, but for what binds what comes."""

from __future__ import annotations

import json

import pytest
from talk import Message, assistant, forget, send, user

from sparing.errors import BudgetExceeded

BINDING = ("You must not touch the table ledger_2019.", "We decided to use port 8443.", "Never deploy on Fridays.")


def chat() -> list[Message]:
    """Short turns with no material, three of which say what binds."""
    messages = [user("Help me with the move of the harbour registry, please.")]
    for n in range(30):
        messages.append(assistant("Sure, that went fine, and nothing odd happened there as far as anybody can see."))
        said = BINDING[n // 10] if n % 10 == 3 else ""
        messages.append(user(f"Thanks, and now let us go on with the next thing in the list. {said}".strip()))
    return messages


@pytest.mark.parametrize("options", [{}, {"recall": True}, {"effort": "max"}])
def test_what_binds_stays_or_the_budget_is_too_small(options: dict[str, object]) -> None:
    """At every budget; and there are budgets of either kind."""
    forget()
    whole = send(chat()).receipt.tokens_before
    held = refused = 0
    for budget in range(20, whole, 40):
        try:
            reduction = send(chat(), budget=budget, **options)
        except BudgetExceeded:
            refused += 1
            continue
        held += 1
        assert reduction.receipt.tokens_after <= budget
        said = json.loads(reduction.body)["messages"]
        assert all(any(binding in message["content"] for message in said) for binding in BINDING)
    assert held
    assert refused
