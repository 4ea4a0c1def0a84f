"""What the providers' own clients make of unknown keys and used-up quotas."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors as gemini_errors
from running_gateway import RunningGateway

TOML = f"""
[tenants.acme]
requests_per_minute = 1
[tenants.acme.keys.alice]
sha256 = "{sha256(b"sk-alice").hexdigest()}"
"""
QUESTION: list[Any] = [{"role": "user", "content": "What is the capital of France?"}]

Ask = Callable[[str, str], Any]


def by_openai(url: str, key: str) -> Any:
    with openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=20) as client:
        return client.chat.completions.create(model="gpt-4o", messages=QUESTION)


def by_anthropic(url: str, key: str) -> Any:
    with anthropic.Anthropic(base_url=url, api_key=key, max_retries=0, timeout=20) as client:
        return client.messages.create(model="claude-x", max_tokens=9, messages=QUESTION)


def by_gemini(url: str, key: str) -> Any:
    options = genai.types.HttpOptions(base_url=url, timeout=20_000)
    with genai.Client(api_key=key, http_options=options) as client:
        return client.models.generate_content(model="gemini-2.5-flash", contents="What is the capital of France?")


@pytest.fixture
def gateway(start: Callable[..., RunningGateway]) -> RunningGateway:
    return start(toml=TOML)


@pytest.mark.parametrize(
    ("ask", "error"), [(by_openai, openai.AuthenticationError), (by_anthropic, anthropic.AuthenticationError)]
)
def test_an_unknown_key_is_an_authentication_error(gateway: RunningGateway, ask: Ask, error: type[Exception]) -> None:
    """The client's own class for it, with words that say what to do."""
    with pytest.raises(error, match="not known here"):
        ask(gateway.url, "sk-nobody")


@pytest.mark.parametrize(
    ("ask", "error", "reset"),
    [
        (by_openai, openai.RateLimitError, "x-ratelimit-reset-requests"),
        (by_anthropic, anthropic.RateLimitError, "anthropic-ratelimit-requests-reset"),
    ],
)
def test_a_used_up_quota_is_a_rate_limit_error(gateway: RunningGateway, ask: Ask, error: Any, reset: str) -> None:
    """With the time to wait where the client reads it."""
    ask(gateway.url, "sk-alice")
    with pytest.raises(error) as caught:
        ask(gateway.url, "sk-alice")
    headers = caught.value.response.headers
    assert 0 < int(headers["retry-after"]) <= 61
    assert headers[reset]


def test_geminis_client_reads_both(gateway: RunningGateway) -> None:
    """The code, the status and how long to wait."""
    by_gemini(gateway.url, "sk-alice")
    for key, code, status in (("sk-alice", 429, "RESOURCE_EXHAUSTED"), ("sk-nobody", 401, "UNAUTHENTICATED")):
        with pytest.raises(gemini_errors.ClientError) as caught:
            by_gemini(gateway.url, key)
        assert (caught.value.code, caught.value.status) == (code, status)
    assert "RetryInfo" in str(caught.value.details) or "not known here" in str(caught.value.details)
