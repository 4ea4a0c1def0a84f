"""Upstream addresses and keys: checked, and completed from what the provider's own clients read."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from sparing.errors import SettingsError
from sparing.settings.tree import UpstreamSettings

LOCAL = "local"  # written in place of a URL: the embedded model, whatever keys are set

ARGUMENT = "argument"  # origin of what was given on the command line

_PROVIDERS = {
    "openai": ("OPENAI_API_KEY", "https://api.openai.com"),
    "anthropic": ("ANTHROPIC_API_KEY", "https://api.anthropic.com"),
}


def complete_upstream(
    upstream: UpstreamSettings, env: Mapping[str, str], origins: Mapping[str, str]
) -> tuple[UpstreamSettings, dict[str, str]]:
    """Fill in keys from the providers' variables, and the public URL of a provider whose key is known.

    Args:
        origins: Dotted name to where the value came from.
    Returns:
        The settings, and the origins of what was filled in.
    Raises:
        SettingsError: A URL is not one.
    """
    changes: dict[str, str] = {}
    added: dict[str, str] = {}
    for provider, (variable, public_url) in _PROVIDERS.items():
        key_name, url_name = f"{provider}_key", f"{provider}_url"
        key, url = getattr(upstream, key_name), getattr(upstream, url_name)
        key_origin = origins.get(f"upstream.{key_name}", "")
        if not key and env.get(variable):
            key, key_origin = env[variable], variable
            changes[key_name], added[f"upstream.{key_name}"] = key, variable
        if key and not url:
            changes[url_name], added[f"upstream.{url_name}"] = public_url, f"{key_origin} is set"
        else:
            changes[url_name] = base_url(url, located(f"upstream.{url_name}", origins.get(f"upstream.{url_name}", "")))
    return replace(upstream, **changes), added


def located(dotted: str, origin: str) -> str:
    """A setting as a message names it: with the file or variable that it came from."""
    return dotted if origin in ("", ARGUMENT) else f"{origin}: {dotted}"


def base_url(text: str, name: str) -> str:
    """`text` without a trailing slash or ``/v1``; "" for the embedded model.

    Raises:
        SettingsError: It is neither "" nor ``local`` nor an HTTP URL. `name` says which setting that was.
    """
    url = text.strip().rstrip("/").removesuffix("/v1")
    if url in ("", LOCAL):
        return ""
    scheme, _, host = url.partition("://")
    if scheme not in ("http", "https") or not host or host[0] in "/:?#" or any(c.isspace() or c in "?#" for c in host):
        raise SettingsError(
            f"{name} cannot be {text!r}", hint="write a base URL such as http://127.0.0.1:11434, or local"
        )
    return url
