"""Who is paid for the tokens, by the address that requests go to."""

from __future__ import annotations

from urllib.parse import urlsplit

from sparing.settings import Settings

EMBEDDED = "embedded"

_URLS = {"openai.chat": "openai_url", "anthropic.messages": "anthropic_url"}
_HOSTS = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "google",
    "api.mistral.ai": "mistral",
    "api.deepseek.com": "deepseek",
    "openrouter.ai": "openrouter",
}
_PORTS = {11434: "ollama"}  # the default of an engine that nothing else uses


def sellers(settings: Settings) -> dict[str, str]:
    """Wire format to provider; "" where any gateway could stand behind the address: prices then go by the model."""
    return {wire: seller(getattr(settings.upstream, name)) for wire, name in _URLS.items()}


def seller(url: str) -> str:
    """The provider at a base URL; no URL is the embedded model."""
    if not url:
        return EMBEDDED
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if host in _HOSTS:
        return _HOSTS[host]
    try:
        return _PORTS.get(parts.port or 0, "")
    except ValueError:  # a port that is none: the upstream will say so
        return ""
