"""Breakpoints for Anthropic's prompt cache."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from provider_view import blocks, outside
from wire_bodies import anthropic_bodies, exact

from sparing.core.span import Edit, Patch, Prefix, Tool
from sparing.guard.structure import same_shape
from sparing.receive.anthropic_messages import AnthropicMessages
from sparing.receive.cache_marks import count_marks, mark_cached
from sparing.receive.openai_chat import OpenAIChat
from sparing.tokens.estimate import CharCounter

WIRE = AnthropicMessages()
MARK = {"type": "ephemeral"}
TOOL = {"name": "look", "input_schema": {"type": "object"}}
quick = settings(max_examples=60, deadline=None)


def marks_of(body: bytes, min_tokens: int = 0, prompt_tokens: int = 10_000) -> tuple[Patch, ...]:
    return mark_cached(WIRE.parse(body), prompt_tokens, CharCounter(), min_tokens)


def marked(body: bytes, **more: int) -> bytes:
    return WIRE.apply(WIRE.parse(body), (), marks_of(body, **more))


def chat(*messages: dict[str, Any], **fields: Any) -> bytes:
    return json.dumps({"model": "claude-sonnet-4-5", "messages": list(messages), **fields}).encode()


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant(content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


def carries(body: bytes) -> list[str]:
    """What the marked blocks say."""
    seen, at = blocks(body)
    return [seen[index][1].get("text") or seen[index][1].get("type") or seen[index][1]["name"] for index in at]


@quick
@given(anthropic_bodies)
def test_nothing_but_marks_is_added(body: bytes) -> None:
    """To the provider the request says what it said; at most four blocks carry a mark, none that may not."""
    new = marked(body)
    before, marks_before = blocks(body)
    after, marks = blocks(new)
    assert after == before
    assert outside(new) == outside(body)
    if marks_of(body):
        assert not marks_before
        assert len(marks) == count_marks(marks_of(body)) <= 4
        for index in marks:
            kind = after[index][1].get("type")
            assert kind not in ("thinking", "redacted_thinking")
            assert kind != "text" or after[index][1]["text"].strip()
    assert same_shape(WIRE.parse(body), WIRE.parse(new))


@quick
@given(anthropic_bodies)
def test_a_caller_with_marks_is_left_alone(body: bytes) -> None:
    """Whatever says `cache_control` anywhere, null included, and whatever was marked once, goes out as it came."""
    if b'"cache_control"' in body:
        assert marked(body) == body
    once = marked(body)
    assert marked(once) == once


@quick
@given(anthropic_bodies, st.text(max_size=20))
def test_marks_compose_with_edits(body: bytes, text: str) -> None:
    """Every editable string replaced as well: the marked request says what the edited one says."""
    prompt = WIRE.parse(body)
    edits = [Edit(span, text) for span in prompt.spans if span.literal]
    both = WIRE.apply(prompt, edits, marks_of(body))
    assert blocks(both)[0] == blocks(WIRE.apply(prompt, edits))[0] or not text.strip()
    exact(both)


def test_a_block_that_is_replaced_carries_no_mark() -> None:
    """Another patch of the same request writes a tool anew: the marks behind it stay."""
    body = chat(user("q"), tools=[TOOL, {**TOOL, "name": "long"}], system="rules")
    prompt = WIRE.parse(body)
    last = next(span for span in reversed(prompt.spans) if span.label == "tools[1]")
    others = (Patch(*last.place, '{"name":"long"}'), *WIRE.add_tools(prompt, [Tool("ours", "", "{}")]))
    marks = mark_cached(prompt, 10_000, CharCounter(), 0, others)
    new = WIRE.apply(prompt, (), (*others, *marks))
    assert carries(new) == ["rules", "q"]
    assert [tool["name"] for tool in json.loads(new)["tools"]] == ["look", "long", "ours"]
    only_ours = WIRE.apply(prompt, (), (*others[1:], *mark_cached(prompt, 10_000, CharCounter(), 0, others[1:])))
    assert carries(only_ours) == ["long", "rules", "q"]


def test_the_four_places() -> None:
    """The last tool, the system prompt, the user's message before the model's newest answer, and the newest."""
    body = chat(
        user("one"), assistant("a"), user("two"), assistant("b"), user([{"type": "text", "text": "three"}]),
        tools=[{**TOOL, "name": "first"}, TOOL], system="rules",
    )  # fmt: skip
    assert carries(marked(body)) == ["look", "rules", "two", "three"]
    said = json.loads(marked(body))
    assert said["system"] == [{"type": "text", "text": "rules", "cache_control": MARK}]
    assert said["messages"][2]["content"] == [{"type": "text", "text": "two", "cache_control": MARK}]
    assert said["messages"][0] == user("one")


def test_a_tool_result_carries_its_mark_outside() -> None:
    """On the block of the result, where the provider takes it, not on a text within."""
    result = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "found"}]}
    call = {"type": "tool_use", "id": "t", "name": "look", "input": {}}
    said = json.loads(marked(chat(user("go"), assistant([call]), user([result]), tools=[TOOL])))
    assert said["messages"][2]["content"] == [{**result, "cache_control": MARK}]


def test_a_first_message_without_tools_is_not_written() -> None:
    """It may never have a second turn; its system prompt is shared by the next request."""
    assert carries(marked(chat(user("hello"), system="rules"))) == ["rules"]
    assert carries(marked(chat(user("hello")))) == []
    assert carries(marked(chat(user("hello"), tools=[TOOL]))) == ["look", "hello"]


def test_what_cannot_carry_a_mark_does_not() -> None:
    """Empty text, thinking, unknown blocks: the block before carries it, or none."""
    text, empty = {"type": "text", "text": "here"}, {"type": "text", "text": " "}
    new = {"type": "container_upload", "file_id": "f"}
    assert carries(marked(chat(user([text, new, empty]), tools=[TOOL]))) == ["look", "here"]
    assert carries(marked(chat(user(""), assistant([{"type": "thinking", "thinking": "x"}]), user([new])))) == []
    assert carries(marked(chat(user("q"), tools=[TOOL, {**TOOL, "name": "late", "defer_loading": True}]))) == [
        "look",
        "q",
    ]
    assert carries(marked(chat(user("q"), assistant("a"), user("r"), tools=[{}], system=[]))) == ["q", "r"]


def test_the_beginning_of_an_answer_carries_no_mark() -> None:
    """What the caller put into the model's mouth will be longer in the next turn."""
    assert carries(marked(chat(user("q"), assistant("{"), tools=[TOOL]))) == ["look", "q"]


def test_prefixes_that_are_too_short_are_not_marked() -> None:
    """Tools and system prompt are counted together; the whole prompt is told."""
    body = chat(user("one"), assistant("a"), user("two"), tools=[TOOL], system="r" * 4_000)
    assert carries(marked(body, min_tokens=500)) == ["r" * 4_000, "one", "two"]
    assert carries(marked(body, min_tokens=5_000)) == ["one", "two"]
    assert marked(body, min_tokens=5_000, prompt_tokens=4_999) == body


@pytest.mark.parametrize("key", ["cache_control", "prompt_cache_breakpoint"])
@pytest.mark.parametrize("value", [MARK, None])
def test_any_word_of_the_callers_about_caching_counts(key: str, value: object) -> None:
    """On a tool, the system prompt, a block, a block within a result, or the request as a whole."""
    block = {"type": "text", "text": "x", key: value}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [block]}
    for body in (
        chat(user("q"), tools=[{**TOOL, key: value}, TOOL]),
        chat(user("q"), tools=[TOOL], system=[block]),
        chat(user([block, {"type": "text", "text": "y"}]), assistant("a"), user("z")),
        chat(user([result]), tools=[TOOL]),
        chat(user("q"), tools=[TOOL], **{key: value}),
    ):
        assert marked(body) == body


turns_of_talk = st.lists(
    st.tuples(st.text("ab \n", min_size=1, max_size=40), st.text("cd", min_size=1, max_size=20), st.booleans()),
    min_size=2, max_size=8,
)  # fmt: skip


@quick
@given(turns_of_talk, st.booleans(), st.booleans())
def test_the_next_turn_finds_the_prefix(talk: list[tuple[str, str, bool]], tools: bool, system: bool) -> None:
    """What a turn had cached is the beginning of the next turn, which marks the same place again."""
    fields: dict[str, Any] = {**({"tools": [TOOL]} if tools else {}), **({"system": "rules"} if system else {})}
    messages: list[dict[str, Any]] = []
    cached: list[Any] = []
    for asked, answered, as_blocks in talk:
        text = asked if asked.strip() else "more"
        messages.append(user([{"type": "text", "text": text}] if as_blocks else text))
        seen, marks = blocks(marked(chat(*messages, **fields)))
        assert seen[: len(cached)] == cached
        if cached:
            assert len(cached) - 1 in marks
        if len(messages) > 1 or tools:
            assert marks[-1] == len(seen) - 1
            cached = seen
        messages.append(assistant(answered))


def test_other_wire_formats_have_no_breakpoints() -> None:
    """OpenAI's cache needs no telling."""
    assert OpenAIChat().parse(b'{"messages":[{"role":"user","content":"q"}]}').breakpoints == ()
    assert [one.prefix for one in WIRE.parse(chat(user("q"), system="s")).breakpoints] == [Prefix.SYSTEM, Prefix.NEWEST]
