"""A question about something that an earlier turn left out finds it beside itself, and the earlier turn stays."""

from __future__ import annotations

import json

import pytest
from talk import assistant, forget, send, texts, tool, user

PLACES = ("harbour", "mill", "school", "archive", "bakery", "depot", "chapel", "nursery", "foundry", "ferry")
NAMES = ("Ada Brand", "Jon Vester", "Mia Holt", "Per Lind", "Eva Stern", "Ole Krog", "Ida Falk", "Tom Rask")


def report(topics: int = 40) -> str:
    """Paragraphs that each say who looks after one place, among sentences that do not."""
    lines = []
    for n in range(topics):
        place, name = f"{PLACES[n % 10]} in district {n // 10 + 1}", f"{NAMES[n % 8]}"
        lines.append(
            f"The {place} was visited in spring. Its caretaker is {name}, reached on extension {4100 + 7 * n}. "
            f"Repairs were discussed at length and put off until the weather allows. Nobody had anything to add."
        )
    return "\n\n".join(lines)


FIRST = f"{report()}\n\nWho is the caretaker of the mill in district 2?"
SECOND = "And the caretaker of the chapel in district 4, on which extension?"
EVIDENCE = "Its caretaker is Eva Stern, reached on extension 4352."  # n = 36


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    forget()


def test_what_a_follow_up_needs_is_supplied() -> None:
    """The evidence was left out of turn 1 and stands beside the question of turn 2; turn 1 is as it was."""
    first = send([user(FIRST)], select="rules")  # a model might well have kept it
    assert EVIDENCE not in texts(first.body)
    second = send([user(FIRST), assistant("Per Lind."), user(SECOND)], select="rules")
    messages = json.loads(second.body)["messages"]
    assert EVIDENCE in messages[2]["content"]
    assert messages[2]["content"].startswith("[From messages[0].content")
    assert messages[2]["content"].endswith(SECOND)
    assert second.body.startswith(first.body.removesuffix(b"]}"))
    assert second.receipt.tokens_after < 0.7 * second.receipt.tokens_before


def test_what_is_sent_again_is_told() -> None:
    """In the receipt, as a part of what was sent; a turn that is supplied with nothing has none."""
    first, second = send([user(FIRST)]), send([user(FIRST), assistant("Per Lind."), user(SECOND)])
    assert first.receipt.resupplied_tokens == 0
    assert 0 < second.receipt.resupplied_tokens < second.receipt.tokens_after - first.receipt.tokens_after


def test_what_was_supplied_is_not_supplied_again() -> None:
    """A third question about the same finds it in turn 2."""
    talk = [user(FIRST), assistant("Per Lind."), user(SECOND), assistant("Eva Stern, 4352."), user(f"Sure? {SECOND}")]
    third = send(talk)
    assert texts(third.body).count(EVIDENCE) == 1


def test_small_talk_is_supplied_with_nothing() -> None:
    """Words that have nothing to do with what was left out stay alone."""
    body = send([user(FIRST), assistant("Per Lind."), user("Thanks a lot, have a nice evening!")]).body
    assert json.loads(body)["messages"][2]["content"] == "Thanks a lot, have a nice evening!"


def test_tool_results_are_supplied_too() -> None:
    """What a tool once said is found for a question that comes later."""
    talk = [user("Who is the caretaker of the mill in district 2?"), *tool(1, report()), assistant("Per Lind.")]
    sent = json.loads(send([*talk, user(SECOND)], select="rules").body)["messages"]
    assert EVIDENCE not in sent[2]["content"]
    assert EVIDENCE in sent[4]["content"]


def test_never_more_than_was_saved() -> None:
    """However many questions come, the request does not grow beyond what it came as."""
    talk = [user(FIRST)]
    for n in range(1, 12):
        talk += [assistant("Noted."), user(f"And the caretaker of the {PLACES[n % 10]} in district {n % 4 + 1}?")]
        receipt = send(talk).receipt
        assert receipt.tokens_after <= receipt.tokens_before


def test_a_budget_holds_with_what_is_supplied() -> None:
    """With a hard budget there is only so much room beside the question."""
    talk = [user(FIRST), assistant("Per Lind."), user(SECOND)]
    for budget in (700, 900, 1200, 1500):
        receipt = send(talk, budget=budget).receipt
        assert receipt.tokens_after <= budget


def test_safe_effort_supplies_nothing() -> None:
    """Where nothing is left out there is nothing to supply."""
    talk = [user(FIRST), assistant("Per Lind."), user(SECOND)]
    assert json.loads(send(talk, effort="safe").body)["messages"][2]["content"] == SECOND
