"""Errors in each wire format's own words."""

from __future__ import annotations

import json

import pytest

from sparing import errors
from sparing.gateway.error_bodies import error_answer, error_event

BAD = "invalid_request_error"
TREE = [
    (errors.MalformedBody("m", param="messages[0]"), 400, BAD, BAD, "INVALID_ARGUMENT"),
    (errors.BudgetExceeded(budget_tokens=1, needed_tokens=2), 400, BAD, BAD, "INVALID_ARGUMENT"),
    (errors.BodyTooLarge("m"), 413, BAD, "request_too_large", "INVALID_ARGUMENT"),
    (errors.UpstreamUnreachable("m"), 502, "server_error", "api_error", "UNAVAILABLE"),
    (errors.UpstreamTimeout("m"), 504, "server_error", "timeout_error", "DEADLINE_EXCEEDED"),
    (errors.UpstreamError("m", status_code=503), 503, "server_error", "api_error", "UNAVAILABLE"),
    (errors.ModelMissing("m"), 503, "server_error", "api_error", "UNAVAILABLE"),
    (errors.SettingsError("m"), 500, "server_error", "api_error", "INTERNAL"),
    (KeyError("secret"), 500, "server_error", "api_error", "INTERNAL"),
]


@pytest.mark.parametrize(("error", "status", "openai", "anthropic", "gemini"), TREE)
def test_every_error_has_every_shape(error: Exception, status: int, openai: str, anthropic: str, gemini: str) -> None:
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
    third = error_answer(error, "gemini")
    assert third.status == status
    said = json.loads(third.body)["error"]
    assert set(said) == {"code", "message", "status"}
    assert (said["code"], said["status"]) == (status, gemini)
    assert error_answer(error, "openai.responses") == theirs
    assert b"secret" not in theirs.body + other.body + third.body


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
    wires = ("openai.chat", "openai.responses", "anthropic.messages", "gemini")
    events = {wire: error_event(error, wire) for wire in wires}
    assert events["openai.chat"].startswith(b'data: {"error":')
    assert events["gemini"].startswith(b'data: {"error":{"code":504')
    assert events["anthropic.messages"].startswith(b'event: error\ndata: {"type":"error"')
    assert all(event.endswith(b"\n\n") for event in events.values())
    documented = json.loads(events["openai.responses"].removeprefix(b"event: error\ndata: "))
    assert documented.items() >= {"type": "error", "code": "upstream_timeout", "message": "m", "param": None}.items()
    assert documented["error"]["message"] == "m"
