"""A question of our own goes to who answers the caller, in the caller's format."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sparing.core.upstream import Call
from sparing.errors import UpstreamError
from sparing.generate.side_question import said, side_question

HEADERS = {"authorization": "Bearer k", "content-encoding": "gzip", "accept": "text/event-stream"}
ANSWERS: dict[str, Any] = {
    "openai.chat": {"choices": [{"message": {"content": " It sank. "}}]},
    "openai.responses": {
        "output": [
            {"type": "reasoning", "summary": []},
            {"type": "message", "content": [{"type": "output_text", "text": "It sank."}]},
        ]
    },
    "anthropic.messages": {"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "It sank."}]},
    "gemini": {"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}, {"text": "It sank."}]}}]},
}


def asked(wire: str, path: str = "/v1/x", model: str = "small") -> Call:
    return side_question(Call(wire, "POST", path, HEADERS, b"", "big", stream=True), "What?", model=model, max_tokens=9)


@pytest.mark.parametrize("wire", ANSWERS)
def test_the_answer_is_read_in_every_format(wire: str) -> None:
    """Text alone: no thoughts; what is no answer says nothing."""
    assert said(wire, json.dumps(ANSWERS[wire]).encode()) == "It sank."
    assert said(wire, b'{"error": {"message": "no"}}') == ""
    assert said(wire, b"not JSON") == ""


@pytest.mark.parametrize("wire", ANSWERS)
def test_it_asks_briefly_with_the_callers_key(wire: str) -> None:
    """No stream, a ceiling, the key; nothing of the caller's body or its coding."""
    call = asked(wire)
    assert b"What?" in call.body
    assert b"9" in call.body
    assert not call.stream
    assert call.headers["authorization"] == "Bearer k"
    assert "content-encoding" not in call.headers
    assert call.headers["content-type"] == "application/json"


def test_openais_own_models_get_the_limit_they_take() -> None:
    """Others of the format know the older name alone."""
    assert json.loads(asked("openai.chat", model="gpt-5-nano").body)["max_completion_tokens"] == 9
    assert json.loads(asked("openai.chat", model="mistral-small").body)["max_tokens"] == 9


def test_geminis_model_and_key_are_in_the_path() -> None:
    """The model changes, the stream goes, the key stays."""
    call = asked("gemini", "/v1beta/models/big:streamGenerateContent?alt=sse&key=k")
    assert call.path == "/v1beta/models/small:generateContent?key=k"


def test_a_format_without_a_way_to_ask_says_so() -> None:
    with pytest.raises(UpstreamError, match="no way to ask"):
        asked("mine")
