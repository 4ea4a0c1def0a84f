"""The prefix law: what was sent last turn is, byte for byte, how this turn begins."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from talk import Message, assistant, forget, send, tool, user

from sparing.testing import sample_texts

SAMPLES = sorted(text for texts in sample_texts().values() for text in texts)
QUESTIONS = ("Which payment was declined, and why?", "Thanks!", "What of ORD-1007?", "Never mind.", "Who decided that?")

samples = st.builds(lambda text, n: text * n, st.sampled_from(SAMPLES), st.integers(1, 4))
answers = st.sampled_from(["It was declined.", "", "I do not know; the log says nothing of it."])
policies = st.fixed_dictionaries(
    {},
    optional={
        "effort": st.sampled_from(["safe", "balanced", "max"]),
        "risk": st.sampled_from([0.02, 0.2]),
        "min_tokens": st.sampled_from([0, 256, 2000]),
        "pins": st.sampled_from([(), ("declined",)]),
        "exempt_tools": st.sampled_from([(), ("look",)]),
        "exempt_texts": st.sampled_from([(), ("ORD-1007", '"page": 2')]),
        "recall": st.booleans(),
        "json_form": st.sampled_from(["text", "json"]),
        "select": st.sampled_from(["rules", "static"]),
        "compaction": st.sampled_from(["mask", "off"]),
    },
)
# Old results are told in a line at once: the prefix then breaks on purpose, at points that every replica finds alike.
compacting = st.builds(lambda policy, turns: policy | {"keep_turns": turns}, policies, st.integers(1, 3))


@st.composite
def conversations(draw: st.DrawFn) -> list[list[Message]]:
    """What is added turn by turn: a tool's result, or an answer and the user's next words with or without material."""
    turns: list[list[Message]] = [[user(draw(_words()))]]
    for number in range(draw(st.integers(1, 6))):
        if draw(st.booleans()):
            turns.append(tool(number, draw(samples)))
        else:
            turns.append([assistant(draw(answers)), user(draw(_words()))])
    return turns


def _words() -> st.SearchStrategy[str]:
    with_material = st.builds(lambda text, question: f"{text}\n\n{question}", samples, st.sampled_from(QUESTIONS))
    return st.one_of(st.sampled_from(QUESTIONS), with_material)


@given(conversations(), policies, st.sampled_from(["openai.chat", "anthropic.messages"]), st.booleans())
@settings(max_examples=100, deadline=None)
def test_the_prefix_stays(turns: list[list[Message]], policy: dict[str, Any], wire: str, restart: bool) -> None:
    """Each body, but for its closing brackets, begins the next one; with memory and without any."""
    messages: list[Message] = []
    before = b""
    for turn in turns:
        messages = [*messages, *turn]
        if restart:
            forget()
        body = send(messages, wire, **policy).body
        assert body.startswith(before)
        before = body.removesuffix(b"]}")


@given(conversations(), policies | compacting)
@settings(max_examples=60, deadline=None)
def test_memory_changes_nothing(turns: list[list[Message]], policy: dict[str, Any]) -> None:
    """A replica that saw every turn and one that sees only the last send the same bytes."""
    messages: list[Message] = []
    for turn in turns:
        messages = [*messages, *turn]
        grown = send(messages, **policy).body
    forget()
    assert send(messages, **policy).body == grown


@given(conversations(), policies | compacting)
@settings(max_examples=30, deadline=None)
def test_a_changed_history_is_another_one(turns: list[list[Message]], policy: dict[str, Any]) -> None:
    """A client that edits an early message gets what a fresh conversation with that message gets."""
    messages = [message for turn in turns for message in turn]
    send(messages, **policy)
    edited = [{**messages[0], "content": f"Edited. {messages[0]['content']}"}, *messages[1:]]
    after_edit = send(edited, **policy).body
    forget()
    assert send(edited, **policy).body == after_edit
