"""The texts of a whole answer, and the answer with them changed: no other byte moves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sparing.finish.answer_texts import answer_texts, with_texts

ANSWERS: dict[str, Any] = {
    "openai.chat": {
        "choices": [
            {"message": {"role": "assistant", "content": "One."}, "logprobs": {"content": [{"token": "One"}]}},
            {"message": {"role": "assistant", "content": [{"type": "text", "text": "Two."}, {"type": "refusal"}]}},
            {"message": {"role": "assistant", "content": None, "tool_calls": [{"function": {"arguments": "Three."}}]}},
        ]
    },
    "openai.responses": {
        "output": [
            {"type": "reasoning", "content": [{"type": "output_text", "text": "no"}]},
            {"type": "message", "content": [{"type": "output_text", "text": "One.", "annotations": []}]},
            {"type": "message", "content": [{"type": "output_text", "text": "Two."}]},
        ]
    },
    "anthropic.messages": {
        "content": [
            {"type": "thinking", "thinking": "no", "text": "no"},
            {"type": "text", "text": "One."},
            {"type": "text", "text": "Two."},
        ]
    },
    "gemini": {
        "candidates": [
            {"content": {"parts": [{"text": "no", "thought": True}, {"text": "One."}, {"functionCall": {}}]}},
            {"content": {"parts": [{"text": "Two."}]}},
        ]
    },
}


@pytest.mark.parametrize("wire", ANSWERS)
@pytest.mark.parametrize("indent", [None, 2])
def test_only_what_is_said_changes(wire: str, indent: int | None) -> None:
    """As if the texts alone had been written otherwise, however the JSON is laid out."""
    body = json.dumps(ANSWERS[wire], indent=indent).encode()
    assert answer_texts(body, wire) == ["One.", "Two."]
    changed = with_texts(body, wire, lambda text: f'{text} "é"' if text == "One." else text)
    assert changed == body.replace(b'"One."', '"One. \\"é\\""'.encode())
    assert with_texts(body, wire, lambda text: text) is body


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"choices": 3}', b'{"choices": [{"message": []}]}', b"\xff{}"])
def test_what_is_no_answer_stays(body: bytes) -> None:
    """Of whatever shape, and of a wire format that nobody knows."""
    for wire in (*ANSWERS, "unknown"):
        assert answer_texts(body, wire) == []
        assert with_texts(body, wire, str.upper) is body
