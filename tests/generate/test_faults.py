"""What counts as a failure."""

from __future__ import annotations

import pytest
from scripted import ERROR_IN_STREAM, Said, call

from sparing.generate.faults import has_failed, is_repeatable, retry_after_s, says_error


@pytest.mark.parametrize(
    ("method", "path", "repeatable"),
    [
        ("POST", "/v1/chat/completions", True),
        ("POST", "/v1/messages?beta=true", True),
        ("POST", "/v1/responses", True),
        ("POST", "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse", True),
        ("POST", "/api/v1/embeddings", True),
        ("GET", "/v1/files/f1", True),
        ("POST", "/v1/files", False),
        ("POST", "/v1/messages/batches", False),
        ("POST", "/v1/responses/r1/cancel", False),
        ("DELETE", "/v1/files/f1", False),
    ],
)
def test_what_may_be_asked_twice(method: str, path: str, repeatable: bool) -> None:
    """Asking a model does nothing at the provider; uploads and batches do."""
    assert is_repeatable(call(method=method, path=path)) is repeatable


@pytest.mark.parametrize(
    "head",
    [
        ERROR_IN_STREAM,
        b'data: {"error": {"message": "overloaded", "code": 503}}\n\n',
        b'{"error":{"message":"no"}}',
        b'\n {"type": "error", "error": {"type": "api_error"}}',
        b'[{"error": {"code": 503, "status": "UNAVAILABLE"}}]',
        b'{"object":"error","message":"x"}',
        b'{"error": "model is loading"}',
        b'event: response.failed\ndata: {"type":"error","code":"server_error"}\n\n',
    ],
)
def test_an_error_under_a_good_status(head: bytes) -> None:
    """Every provider's own way to say that it failed after it said 200."""
    assert says_error(head)


@pytest.mark.parametrize(
    "head",
    [
        b'{"id":"r1","error":null,"output":[]}',
        b'{"error":null,"id":"r1"}',
        b'data: {"id":"c","choices":[{"delta":{"content":"{\\"error\\": {}}"}}]}\n\n',
        b": keep-alive\n\n",
        b"",
        b'event: message_start\ndata: {"type":"message_start"}\n\n',
        b"ID3\x04\x00",
    ],
)
def test_an_answer_that_only_speaks_of_errors(head: bytes) -> None:
    """The word alone is none."""
    assert not says_error(head)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 90.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:01 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "1.2.3"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "9" * 40}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds or a date; what cannot be read is as good as nothing."""
    assert retry_after_s(headers, now_s=10.0) == seconds


def test_an_upstream_that_says_that_trying_again_is_no_use() -> None:
    """As OpenAI and Anthropic do."""
    assert has_failed(Said(503))
    assert not has_failed(Said(503, {"x-should-retry": "false"}))
    assert not has_failed(Said(400))
