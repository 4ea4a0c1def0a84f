"""Model, length of the answer and thinking, in every wire format."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.errors import MalformedBody
from sparing.receive.knobs import Caps, Knobs, lowered, read_knobs, with_model

CHAT, RESPONSES, MESSAGES, GEMINI = "openai.chat", "openai.responses", "anthropic.messages", "gemini"


@pytest.mark.parametrize(
    ("body", "knobs"),
    [
        ({"model": "m"}, Knobs("m")),
        ({"model": "m", "max_tokens": 5, "n": 2}, Knobs("m", 5, 2)),
        ({"model": "m", "max_tokens": 9, "max_completion_tokens": 5}, Knobs("m", 5)),
        ({"model": "m", "max_output_tokens": 7, "reasoning": {"effort": "low"}}, Knobs("m", 7, 1, True, "low")),
        ({"model": "m", "max_tokens": 7, "thinking": {"type": "enabled"}}, Knobs("m", 7, 1, True)),
        ({"generationConfig": {"maxOutputTokens": 7, "candidateCount": 3}}, Knobs("", 7, 3)),
        ({"generation_config": {"max_output_tokens": 7, "thinking_config": {}}}, Knobs("", 7, 1, True)),
        ({"reasoning_effort": "XHIGH"}, Knobs("", None, 1, True, "xhigh")),
        ({"thinking": {"type": "enabled", "budget_tokens": 4096}}, Knobs("", None, 1, True, "medium")),
        ({"thinking": {"type": "disabled"}, "reasoning_effort": "high"}, Knobs("", None, 1, True, "none")),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}, Knobs("", None, 1, True, "max")),
        ({"chat_template_kwargs": {"enable_thinking": False}}, Knobs(depth="none")),
        ({"reasoning": {"effort": "odd", "max_tokens": "x"}, "thinking": 3}, Knobs(thinks=True)),
        ({"generationConfig": {"thinkingConfig": {"thinkingBudget": -1}}}, Knobs("", None, 1, True, "high")),
        ({"generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}}}, Knobs("", None, 1, True, "low")),
        ({"generationConfig": {"thinkingConfig": 1}}, Knobs("", None, 1, True)),
        ({"model": 3, "max_tokens": True, "n": -1}, Knobs()),
        ({"model": None, "max_tokens": None}, Knobs()),
        ([], Knobs()),
    ],
)
def test_knobs_are_read(body: Any, knobs: Knobs) -> None:
    """By every name that they have; what is of no use says nothing."""
    assert read_knobs(json.dumps(body).encode()) == knobs


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[1"])
def test_what_cannot_be_read_says_nothing(body: bytes) -> None:
    """Whoever parses the request says why."""
    assert read_knobs(body) == Knobs()


@pytest.mark.parametrize(
    ("wire", "before", "caps", "after"),
    [
        (CHAT, {"max_tokens": 900}, Caps(300), {"max_tokens": 300}),
        (CHAT, {"max_tokens": 100}, Caps(300), {"max_tokens": 100}),
        (CHAT, {"max_tokens": None}, Caps(300), {"max_tokens": 300}),
        (CHAT, {}, Caps(300), {"max_tokens": 300}),
        (CHAT, {}, Caps(300, None, "max_completion_tokens"), {"max_completion_tokens": 300}),
        (CHAT, {"max_completion_tokens": 900}, Caps(300), {"max_completion_tokens": 300}),
        (CHAT, {"reasoning_effort": "high"}, Caps(None, "low"), {"reasoning_effort": "low"}),
        (CHAT, {"reasoning_effort": "minimal"}, Caps(None, "low"), {"reasoning_effort": "minimal"}),
        (CHAT, {"reasoning_effort": "odd"}, Caps(None, "low"), {"reasoning_effort": "odd"}),
        (CHAT, {}, Caps(None, "low"), {}),
        (RESPONSES, {"a": 1}, Caps(300), {"max_output_tokens": 300, "a": 1}),
        (RESPONSES, {"reasoning": {"effort": "xhigh"}}, Caps(None, "medium"), {"reasoning": {"effort": "medium"}}),
        (MESSAGES, {"max_tokens": 900}, Caps(300), {"max_tokens": 300}),
        (
            MESSAGES,
            {"max_tokens": 20000, "thinking": {"type": "enabled", "budget_tokens": 10000}},
            Caps(300),
            {"max_tokens": 10300, "thinking": {"type": "enabled", "budget_tokens": 10000}},
        ),
        (
            MESSAGES,
            {"max_tokens": 20000, "thinking": {"type": "enabled", "budget_tokens": 10000}},
            Caps(300, "low"),
            {"max_tokens": 1324, "thinking": {"type": "enabled", "budget_tokens": 1024}},
        ),
        (
            MESSAGES,
            {"max_tokens": 20000, "thinking": {"type": "enabled", "budget_tokens": 10000}},
            Caps(300, "none"),
            {"max_tokens": 300, "thinking": {"type": "disabled"}},
        ),
        (MESSAGES, {"output_config": {"effort": "max"}}, Caps(None, "none"), {"output_config": {"effort": "low"}}),
        (GEMINI, {}, Caps(300), {"generationConfig": {"maxOutputTokens": 300}}),
        (GEMINI, {"generationConfig": {}}, Caps(300), {"generationConfig": {"maxOutputTokens": 300}}),
        (
            GEMINI,
            {"generation_config": {"top_p": 1}},
            Caps(300),
            {"generation_config": {"max_output_tokens": 300, "top_p": 1}},
        ),
        (
            GEMINI,
            {"generationConfig": {"maxOutputTokens": 900, "thinkingConfig": {"thinkingBudget": -1}}},
            Caps(300, "low"),
            {"generationConfig": {"maxOutputTokens": 300, "thinkingConfig": {"thinkingBudget": 1024}}},
        ),
        (
            GEMINI,
            {"generationConfig": {"thinkingConfig": {"thinkingLevel": "HIGH"}}},
            Caps(None, "low"),
            {"generationConfig": {"thinkingConfig": {"thinkingLevel": "low"}}},
        ),
    ],
)
def test_knobs_are_lowered(wire: str, before: dict[str, Any], caps: Caps, after: dict[str, Any]) -> None:
    """To the caps where a request says more or nothing, never raised; thinking only where it asks for some."""
    assert json.loads(lowered(json.dumps(before).encode(), wire, caps)) == after


messages = st.lists(st.text(max_size=20), max_size=3)


@given(
    messages,
    st.sampled_from([CHAT, RESPONSES, MESSAGES, GEMINI]),
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.booleans(),
    st.sampled_from([None, 2]),
)
def test_every_other_byte_stays(
    texts: list[str], wire: str, asked: int, cap: int, ascii_only: bool, indent: int | None
) -> None:
    """The same JSON but for the limit; asked a second time, nothing changes; within the caps the very bytes come back."""
    name = {RESPONSES: "max_output_tokens"}.get(wire, "max_tokens")
    body: dict[str, Any] = {"model": "m", "messages": texts, name: asked, "tools": [{"max_tokens": 10**9}]}
    if wire == GEMINI:
        body = {"contents": texts, "generationConfig": {"maxOutputTokens": asked, "a": [texts]}}
    sent = json.dumps(body, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    if not _is_utf8(sent):
        return
    low = lowered(sent, wire, Caps(cap))
    assert low == sent.replace(b": %d" % asked, b": %d" % min(asked, cap), 1)
    assert lowered(low, wire, Caps(cap)) == low


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_the_model_is_replaced_and_nothing_else() -> None:
    """Spaces, order and the names of tools stay."""
    body = b'{ "messages":[{"content":"\\"model\\": 1"}] ,"model" : "alias", "tools":[{"model":"alias"}]}'
    assert with_model(body, 'real"') == body.replace(b'"model" : "alias"', b'"model" : "real\\""')
    assert with_model(b'{"a": 1}', "real") == b'{"a": 1}'


def test_a_body_that_cannot_be_read_is_not_guessed_at() -> None:
    """It is named as what it is."""
    with pytest.raises(MalformedBody):
        lowered(b"{", CHAT, Caps(3))


def test_a_limit_is_found_however_its_name_is_written() -> None:
    """In escapes it is the same name; within a text it is none, and a limit is put in front of all."""
    escaped = b'{"model": "m", "m\\u0061x_tokens": 900, "messages": []}'
    assert json.loads(lowered(escaped, CHAT, Caps(5)))["max_tokens"] == 5
    quoted = b' {"model": "m", "messages": [{"content": "set \\"max_tokens\\": 900"}]}'
    assert lowered(quoted, CHAT, Caps(5)) == quoted.replace(b"{", b'{"max_tokens":5,', 1)
    plain = b'{"model": "m", "messages": ["a"]}'
    assert lowered(plain, CHAT, Caps(5, None, "max_completion_tokens")) == (
        b'{"max_completion_tokens":5,"model": "m", "messages": ["a"]}'
    )
