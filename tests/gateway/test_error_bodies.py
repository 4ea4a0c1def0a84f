"""Errors in each wire format's own words."""

from __future__ import annotations

import json

import pytest

from sparing import errors
from sparing.gateway.error_bodies import error_answer, error_event

TREE = [
    (errors.MalformedBody("m", param="messages[0]"), 400, "invalid_request_error", "invalid_request_error"),
    (errors.BudgetExceeded(budget_tokens=1, needed_tokens=2), 400, "invalid_request_error", "invalid_request_error"),
    (errors.BodyTooLarge("m"), 413, "invalid_request_error", "request_too_large"),
    (errors.UpstreamUnreachable("m"), 502, "server_error", "api_error"),
    (errors.UpstreamTimeout("m"), 504, "server_error", "timeout_error"),
    (errors.UpstreamError("m", status_code=503), 503, "server_error", "api_error"),
    (errors.ModelMissing("m"), 503, "server_error", "api_error"),
    (errors.SettingsError("m"), 500, "server_error", "api_error"),
    (KeyError("secret"), 500, "server_error", "api_error"),
]


@pytest.mark.parametrize(("error", "status", "openai", "anthropic"), TREE)
def test_every_error_has_both_shapes(error: Exception, status: int, openai: str, anthropic: str) -> None:
    """Status and type are those that the provider's own server would use."""
    theirs = error_answer(error, "openai.chat")
    assert theirs.status == status
    body = json.loads(theirs.body)["error"]
    assert set(body) == {"message", "type", "param", "code"}
    assert body["type"] == openai
    other = error_answer(error, "anthropic.messages")
    assert other.status == status
    assert json.loads(other.body)["type"] == "error"
    assert json.loads(other.body)["error"]["type"] == anthropic
    assert b"secret" not in theirs.body + other.body


def test_the_upstreams_words_win() -> None:
    """What a provider said about its error is passed on, with when to come back."""
    error = errors.UpstreamError("m", status_code=429, retry_after_s=1.2, body=b'{"mine": 1}')
    told = error_answer(error, "openai.chat")
    assert (told.status, told.body) == (429, b'{"mine": 1}')
    assert (b"retry-after", b"2") in told.headers


def test_the_hint_is_told() -> None:
    """What to do next is part of the message."""
    error = errors.ModelMissing("no weights", hint="sparing models pull")
    assert b"sparing models pull" in error_answer(error, "openai.chat").body


def test_error_events() -> None:
    """Within a stream the same body comes as an event of the wire format."""
    error = errors.UpstreamTimeout("m")
    openai, anthropic = error_event(error, "openai.chat"), error_event(error, "anthropic.messages")
    assert openai.startswith(b'data: {"error":')
    assert anthropic.startswith(b'event: error\ndata: {"type":"error"')
    assert openai.endswith(b"\n\n")
    assert anthropic.endswith(b"\n\n")
