"""Who is paid, by the address."""

from __future__ import annotations

import pytest

from sparing.gateway.sellers import seller, sellers
from sparing.prices.table import shipped_rows
from sparing.settings import Settings, UpstreamSettings


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("", "embedded"),
        ("https://api.openai.com", "openai"),
        ("https://API.Anthropic.com/anything", "anthropic"),
        ("https://openrouter.ai/api", "openrouter"),
        ("http://127.0.0.1:11434", "ollama"),
        ("http://127.0.0.1:4000", ""),
        ("https://gateway.example.com", ""),
        ("http://127.0.0.1:99999", ""),
    ],
)
def test_a_provider_is_known_by_its_address(url: str, provider: str) -> None:
    """Behind any other address anyone may stand."""
    assert seller(url) == provider


def test_every_provider_that_is_told_has_prices() -> None:
    """But OpenRouter, which has its makers' prices."""
    told = {seller(url) for url in ("", "https://api.mistral.ai", "https://api.deepseek.com", "http://h:11434")}
    told |= {seller("https://generativelanguage.googleapis.com"), seller("https://api.openai.com")}
    assert told <= {row.provider for row in shipped_rows()}


def test_each_wire_format_has_its_own() -> None:
    """As the settings say."""
    settings = Settings(upstream=UpstreamSettings(anthropic_url="https://api.anthropic.com"))
    assert sellers(settings) == {"openai.chat": "embedded", "anthropic.messages": "anthropic"}
