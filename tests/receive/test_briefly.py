"""The wish for a short answer is the last of the prompt, and never part of what the next request goes on from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from provider_view import blocks

from sparing.receive.cache_marks import mark_cached
from sparing.receive.depth.briefly import BRIEFLY, answer_briefly
from sparing.registry import load
from sparing.tokens.estimate import CharCounter

CHAT, RESPONSES, MESSAGES, GEMINI = "openai.chat", "openai.responses", "anthropic.messages", "gemini"
WIRES = (CHAT, RESPONSES, MESSAGES, GEMINI)
TURNS = {RESPONSES: "input", GEMINI: "contents"}

Turn = tuple[str, str]  # who: user, model, call or result; and what


def message(wire: str, turn: Turn, as_parts: bool) -> dict[str, Any]:
    """A turn as a client of this format sends it."""
    who, text = turn
    if wire == GEMINI:
        parts = {
            "call": {"functionCall": {"name": "f", "args": {"x": text}}},
            "result": {"functionResponse": {"name": "f", "response": {"x": text}}},
        }
        return {"role": "model" if who in ("model", "call") else "user", "parts": [parts.get(who, {"text": text})]}
    if wire == RESPONSES:
        if who == "call":
            return {"type": "function_call", "call_id": "c", "name": "f", "arguments": text}
        if who == "result":
            return {"type": "function_call_output", "call_id": "c", "output": text}
        kind = "input_text" if who == "user" else "output_text"
        role = "user" if who == "user" else "assistant"
        return {"role": role, "content": [{"type": kind, "text": text}] if as_parts else text}
    if wire == MESSAGES and who in ("call", "result"):
        block = {"type": "tool_use", "id": "c", "name": "f", "input": {"x": text}}
        if who == "result":
            block = {"type": "tool_result", "tool_use_id": "c", "content": text}
        return {"role": "assistant" if who == "call" else "user", "content": [block]}
    if who == "call":
        return {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": text}}]}
    if who == "result":
        return {"role": "tool", "tool_call_id": "c", "content": text}
    role = "user" if who == "user" else "assistant"
    return {"role": role, "content": [{"type": "text", "text": text}] if as_parts else text}


def prompt_of(body: bytes, wire: str) -> str:
    """The prompt as the model reads it: every message in turn, whatever its content is made of."""
    said = json.loads(body)
    lines = []
    for one in said[TURNS.get(wire, "messages")]:
        content = one.get("parts", one.get("content", one))
        texts = [content] if isinstance(content, str) else content if isinstance(content, list) else [content]
        told = [part if isinstance(part, str) else part.get("text") or json.dumps(part) for part in texts]
        lines.append(f"<{one.get('role', one.get('type'))}>" + "\n\n".join(told))
    return "\n".join(lines)


_words = st.text(min_size=1, max_size=12).filter(str.strip)
_turn = st.one_of(
    _words.map(lambda text: [("user", text), ("model", text[::-1])]),
    st.tuples(_words, st.integers(1, 3)).map(
        lambda one: [("user", one[0]), *[("call", "1"), ("result", one[0])] * one[1], ("model", "so")]
    ),
)


@given(
    st.sampled_from(WIRES),
    st.lists(_turn, min_size=1, max_size=4),
    st.lists(st.booleans(), min_size=24, max_size=24),
    st.booleans(),
)
def test_a_conversation_goes_on_from_everything_but_the_wish(
    wire: str, turns: list[list[Turn]], wishes: list[bool], as_parts: bool
) -> None:
    """The prefix law: what was sent is what the caller sent and then the wish; the next request begins with all of it
    but the wish, however it was decided for each request and in each step of an agent's loop."""
    steps = [step for turn in turns for step in turn]
    before = ""
    for end in range(1, len(steps) + 1):
        if steps[end - 1][0] in ("model", "call"):
            continue  # requests end with what the model has not answered yet
        body = json.dumps(
            {TURNS.get(wire, "messages"): [message(wire, step, as_parts) for step in steps[:end]]}
        ).encode()
        plain = prompt_of(body, wire)
        sent = prompt_of(answer_briefly(body, wire) if wishes[end] else body, wire)
        ends_with_words = steps[end - 1][0] == "user"
        assert sent == (f"{plain}\n\n{BRIEFLY}" if wishes[end] and ends_with_words else plain)
        assert sent.startswith(before)
        before = plain


def test_every_other_byte_stays() -> None:
    """Spaces, escapes and order."""
    body = b'{ "messages" : [ {"role":"user", "content" : "caf\\u00e9\\n\\"x\\""} ] , "model":"m"}'
    assert answer_briefly(body, CHAT) == body.replace(b'x\\""', b'x\\"\\n\\nAnswer briefly."')
    whole = b'{"input":"Why?","model":"m"}'
    assert answer_briefly(whole, RESPONSES) == b'{"input":"Why?\\n\\nAnswer briefly.","model":"m"}'


@pytest.mark.parametrize(
    "said",
    [
        {"messages": []},
        {"messages": "x"},
        {"messages": [{"role": "assistant", "content": "Sure: "}]},
        {"messages": [{"role": "user", "content": ""}]},
        {"messages": [{"role": "user", "content": [{"type": "image"}]}]},
        {"messages": [{"role": "user", "content": None}]},
        {"messages": ["x"]},
        {"input": "x"},
    ],
)
def test_without_words_at_its_end_a_request_stays(said: dict[str, Any]) -> None:
    """A prefilled answer, an image alone, what is no conversation: the very bytes."""
    body = json.dumps(said).encode()
    assert answer_briefly(body, MESSAGES) is body or said == {"messages": "x"}


def test_behind_the_last_breakpoint() -> None:
    """What Anthropic caches is up to a marked block; the wish is a block of its own behind it, and is not marked."""
    long = "word " * 9000
    turns = [
        {"role": "user", "content": long},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": long},
    ]
    body = json.dumps({"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": turns}).encode()
    wire = load("wires", MESSAGES)
    prompt = wire.parse(body)
    marked = wire.apply(prompt, (), mark_cached(prompt, 20_000, CharCounter(), 1024))
    sent, marks = blocks(answer_briefly(marked, MESSAGES))
    plain, same = blocks(marked)
    assert same == marks
    assert marks[-1] == len(plain) - 1
    assert sent[:-1] == plain
    assert sent[-1][1]["text"] == BRIEFLY


def test_where_the_provider_marks_the_last_block_itself_there_is_no_wish() -> None:
    """It would be cached, and the next request would not find it."""
    body = json.dumps({"cache_control": {"type": "ephemeral"}, "messages": [{"role": "user", "content": "x"}]}).encode()
    assert answer_briefly(body, MESSAGES) is body
