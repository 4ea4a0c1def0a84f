"""Who is paid, by the address."""

from __future__ import annotations

import pytest

from sparing.gateway.upstreams import sellers
from sparing.prices.lookup import prices_for
from sparing.settings import load_settings
from sparing.settings.providers import PROVIDERS


def paid(**env: str) -> dict[str, str]:
    return sellers(load_settings(env=env))


@pytest.mark.parametrize(
    ("upstream", "provider"),
    [
        ("local", "embedded"),
        ("deepseek", "deepseek"),
        ("openrouter", "openrouter"),
        ("http://127.0.0.1:11434", "ollama"),
        ("http://127.0.0.1:4000", ""),
        ("https://gateway.example.com", ""),
    ],
)
def test_a_provider_is_known_by_its_address(upstream: str, provider: str) -> None:
    """Behind any other address anyone may stand."""
    assert paid(SPARING_UPSTREAM=upstream)["openai.chat"] == provider


def test_each_wire_format_has_its_own() -> None:
    """As the keys in the environment say."""
    told = paid(ANTHROPIC_API_KEY="k", GEMINI_API_KEY="k", SPARING_UPSTREAM__OPENAI_URL="https://api.mistral.ai")
    assert told == {
        "openai.chat": "mistral",
        "openai.responses": "mistral",
        "anthropic.messages": "anthropic",
        "gemini": "google",
    }


@pytest.mark.parametrize(
    "provider",
    [row for row in PROVIDERS if row.tokenizer == "" and row.prices != "openrouter"],
    ids=lambda row: row.name,
)
def test_an_engine_of_ones_own_is_free(provider: object) -> None:
    """The table has its name."""
    prices = prices_for("any-model", provider.prices)  # type: ignore[attr-defined]
    assert prices is not None
    assert prices.input_usd == 0


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("openai", "gpt-4o"), ("anthropic", "claude-sonnet-4-5"), ("gemini", "gemini-2.5-pro"),
        ("mistral", "mistral-small-latest"), ("deepseek", "deepseek-v4-pro"), ("openrouter", "openai/gpt-4o"),
    ],
)  # fmt: skip
def test_a_provider_that_is_paid_has_prices(name: str, model: str) -> None:
    """Under the name that its row has in the table."""
    provider = next(row for row in PROVIDERS if row.name == name)
    assert prices_for(model, provider.prices) is not None
