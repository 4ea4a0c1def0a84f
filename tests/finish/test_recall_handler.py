"""What a call of `sparing_recall` gives: the text, in bounded pieces; one answer for all that is not there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparing
from sparing import registry
from sparing.core.span import Prompt
from sparing.finish.own_calls import MOST_TOKENS, MOST_TURNS, NO_MORE, Answering, Given, OwnCall
from sparing.finish.recall import PART_TOKENS, UNKNOWN, parts_of, read_handle, recall_handler
from sparing.handles import full_handle_of, handle_of
from sparing.own_tools import RECALL
from sparing.tokens.models import counter_for

COUNTER = counter_for("gpt-4o")
LINES = [f"line {number}: worker {number % 7} took job {number * 13} in {number % 90} ms\n" for number in range(2_000)]
LONG, SHORT = "".join(LINES), "short, and all of it"
PASTED = "A paragraph that somebody pasted, " * 40


@pytest.fixture(scope="module")
def prompt() -> Prompt:
    """A request with a long and a short tool result, and pasted material before a question."""
    messages: list[dict[str, Any]] = []
    for number, text in enumerate((LONG, SHORT)):
        call = {"id": f"c{number}", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"c{number}", "content": text})
    messages.append({"role": "user", "content": f"{PASTED}\n\nWhat about that?"})
    body = json.dumps({"model": "gpt-4o", "messages": messages}).encode()
    parsed: Prompt = registry.load("wires", "openai.chat").parse(body)
    return parsed


def asked(prompt: Prompt, **arguments: Any) -> str:
    return recall_handler()(arguments, prompt).text


@pytest.mark.parametrize("spelt", ["{}", " {} ", "sparing_recall({})", "[… more: sparing_recall({})]"])
def test_a_short_text_comes_whole(prompt: Prompt, spelt: str) -> None:
    """However the model writes the handle, and with a part or a question that a short text does not need."""
    handle = spelt.format(handle_of(SHORT))
    assert asked(prompt, handle=handle) == SHORT
    assert asked(prompt, handle=handle.upper(), part=7, about="what?") == SHORT


def test_material_within_a_message_is_found(prompt: Prompt) -> None:
    """What was split off a user's message has a handle of its own; so has its whole hash."""
    assert asked(prompt, handle=handle_of(PASTED + "\n\n")) == PASTED + "\n\n"
    assert asked(prompt, handle=full_handle_of(SHORT)) == SHORT


def test_a_long_text_comes_in_parts(prompt: Prompt) -> None:
    """Each part says which one it is and how to get the next; together they are the text."""
    got, part = [], 1
    while True:
        head, _, text = asked(prompt, handle=handle_of(LONG), part=part).partition("\n")
        got.append(text)
        assert COUNTER.count(text) <= PART_TOKENS
        assert head.startswith(f"[part {part} of ")
        part += 1
        if f"part={part})" not in head:
            break
    assert "".join(got) == LONG
    assert len(got) > 5


@pytest.mark.parametrize(("part", "number"), [(0, 1), (-3, 1), ("2", 2), ("two", 1), (None, 1), (2.5, 1), (True, 1)])
def test_odd_parts(prompt: Prompt, part: Any, number: int) -> None:
    """A part that there is not is the nearest; what is no number is the first."""
    assert asked(prompt, handle=handle_of(LONG), part=part).startswith(f"[part {number} of ")


def test_a_question_narrows(prompt: Prompt) -> None:
    """Only what concerns it comes back, and how to get the rest is said."""
    found = asked(prompt, handle=handle_of(LONG), about="Which worker took job 1313?")
    assert LINES[101] in found
    assert COUNTER.count(found) <= PART_TOKENS + 40
    assert found.endswith(f"sparing_recall(handle={handle_of(LONG)}, part=1)]")


@pytest.mark.parametrize("handle", ["0123456789", "f" * 64, "", "nothing", 7, None, ["a"], "12345", "'; drop table"])
def test_one_answer_for_what_is_not_there(prompt: Prompt, handle: Any) -> None:
    """Whatever the reason."""
    assert asked(prompt, handle=handle) == UNKNOWN
    assert recall_handler(lambda _handle: None)({"handle": handle}, prompt).text == UNKNOWN


def test_the_store_is_asked_last(prompt: Prompt) -> None:
    """Only for what the request does not hold."""
    seen: list[str] = []
    handler = recall_handler(lambda handle: seen.append(handle) or "from the store")  # type: ignore[func-returns-value]
    assert handler({"handle": handle_of(SHORT)}, prompt).text == SHORT
    assert seen == []
    assert handler({"handle": "0123456789"}, prompt).text == "from the store"


def test_what_may_be_answered_is_bounded(prompt: Prompt) -> None:
    """In tokens and in turns; beyond, one clear answer, and then none."""
    answering = Answering({RECALL.name: recall_handler()}, prompt, COUNTER)
    long = OwnCall("c", RECALL.name, json.dumps({"handle": handle_of(LONG)}))
    results = answering.answer([long] * 20)
    assert results[0].text.startswith("[part 1")
    assert results[-1] == Given(NO_MORE)
    assert MOST_TOKENS <= answering.recalled_tokens < MOST_TOKENS + PART_TOKENS + 500
    for turn in range(2, MOST_TURNS + 2):
        assert not answering.spent
        assert answering.answer([long]) == [Given(NO_MORE)], turn
    assert answering.spent


def test_turns_are_bounded(prompt: Prompt) -> None:
    """Also where every answer is short."""
    answering = Answering({RECALL.name: recall_handler()}, prompt, COUNTER)
    short = OwnCall("c", RECALL.name, json.dumps({"handle": handle_of(SHORT)}))
    assert [answering.answer([short])[0].text for _ in range(MOST_TURNS + 1)] == [*[SHORT] * MOST_TURNS, NO_MORE]


@pytest.mark.parametrize("arguments", ["", "{}", "null", "7", "[1]", '{"handle":', "{" * 100_000, '"text"'])
def test_arguments_that_are_no_object(prompt: Prompt, arguments: str) -> None:
    """The model is told, and can call again."""
    (said,) = Answering({RECALL.name: recall_handler()}, prompt, COUNTER).answer([OwnCall("c", RECALL.name, arguments)])
    assert said.text == (UNKNOWN if arguments in ("", "{}") else f"The arguments of {RECALL.name} were not a JSON object. "
                    "Call it again with one.")  # fmt: skip


@given(st.lists(st.text(st.sampled_from("ab \n\r🂡\u2028"), max_size=3_000), max_size=8))
def test_parts_are_the_text(pieces: list[str]) -> None:
    """Whatever the lines."""
    text = "".join(pieces)
    assert "".join(parts_of(text, COUNTER)) == text


def test_handles_are_read_leniently() -> None:
    """As long as one is there."""
    assert read_handle("SPARING_RECALL(3F9AC21B07)") == "3f9ac21b07"
    assert read_handle("3f9ac21b0") == ""


def test_the_library_answers_too() -> None:
    """A shortened request names a handle; the one before it holds the text."""
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "Which worker took job 130?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": LONG},
    ]
    request = {"model": "gpt-4o", "messages": messages}
    shortened = sparing.reduce(request, policy=sparing.PolicySettings(recall=True, deadline_ms=20_000)).body
    handle = read_handle(shortened["messages"][-1]["content"][-60:])
    assert sparing.recall(request, handle).startswith("[part 1 of")
    assert LINES[777] in sparing.recall(request, handle, about="What did line 777 say?")
    assert sparing.recall(json.dumps(request), handle, part=2).startswith("[part 2 of")
    assert sparing.recall(shortened, handle) == UNKNOWN, "it is not in there any more"


def test_what_was_recalled_is_not_shortened_again() -> None:
    """Or the model would ask for it again, and again."""
    call = {"id": "c", "type": "function", "function": {"name": RECALL.name, "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "Which worker took job 130?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": LONG},
    ]
    policy = sparing.PolicySettings(recall=True, effort="max", deadline_ms=20_000)
    reduced = sparing.reduce({"model": "gpt-4o", "messages": messages}, policy=policy)
    assert reduced.body["messages"] == messages
