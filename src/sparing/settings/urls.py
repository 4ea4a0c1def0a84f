"""Upstream addresses and keys: checked, and completed from what the provider's own clients read."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec.structs import replace

from sparing.errors import SettingsError
from sparing.settings.providers import PROVIDERS, SHAPES, provider_at, provider_named
from sparing.settings.retrieval import RetrievalSettings
from sparing.settings.tree import UpstreamSettings

LOCAL = "local"  # written in place of a URL: the embedded model, whatever keys are set
NOBODY = "none"  # likewise: requests of this shape are refused

ARGUMENT = "argument"  # origin of what was given on the command line

_STORE_KEY = "QDRANT_API_KEY"

_VERSION = re.compile("/v1(beta)?$")  # the path of a call brings its own


def complete_upstream(
    upstream: UpstreamSettings, env: Mapping[str, str], origins: Mapping[str, str]
) -> tuple[UpstreamSettings, dict[str, str]]:
    """Fill in keys from the providers' variables, and the public URL of a provider whose key is known.

    A key goes only to whom it belongs: at a provider's address its own variable counts, at an address that is nobody's
    the one of the provider that the wire format is named for.

    Args:
        origins: Dotted name to where the value came from.
    Returns:
        The settings, and the origins of what was filled in.
    Raises:
        SettingsError: A URL is not one.
    """
    changes: dict[str, str] = {}
    added: dict[str, str] = {}
    for shape in SHAPES:
        key_name, url_name = f"{shape}_key", f"{shape}_url"
        key, written = getattr(upstream, key_name), getattr(upstream, url_name)
        url = address(written, shape, located(f"upstream.{url_name}", origins.get(f"upstream.{url_name}", "")))
        variable = _variable(shape, url, env)
        key_origin = origins.get(f"upstream.{key_name}", "")
        if not key and variable:
            key, key_origin = env[variable], variable
            changes[key_name], added[f"upstream.{key_name}"] = key, variable
        if key and not written:
            owner = provider_named(shape)
            url = owner.url if owner else ""
            added[f"upstream.{url_name}"] = f"{key_origin} is set"
        changes[url_name] = url
    return replace(upstream, **changes), added


def complete_retrieval(
    retrieval: RetrievalSettings, env: Mapping[str, str], origins: Mapping[str, str]
) -> tuple[RetrievalSettings, dict[str, str]]:
    """Likewise for whoever makes and keeps the vectors of passages; without a URL no embedder has a key."""
    name = "retrieval.embedder_url"
    url = address(retrieval.embedder_url, "openai", located(name, origins.get(name, "")))
    url = "" if url == NOBODY else url
    variables = {"embedder_key": _variable("openai", url, env) if url else "", "store_key": _STORE_KEY}
    found = {key: name for key, name in variables.items() if env.get(name) and not getattr(retrieval, key)}
    filled = {key: env[name] for key, name in found.items()}
    return replace(retrieval, embedder_url=url, **filled), {f"retrieval.{key}": name for key, name in found.items()}


def _variable(shape: str, url: str, env: Mapping[str, str]) -> str:
    """The variable that holds the key for this address; "" if none is set."""
    if url == NOBODY:
        return ""
    owner = provider_at(shape, url) or provider_named(shape)
    return next((name for name in (owner.key_variables if owner else ()) if env.get(name)), "")


def located(dotted: str, origin: str) -> str:
    """A setting as a message names it: with the file or variable that it came from."""
    return dotted if origin in ("", ARGUMENT) else f"{origin}: {dotted}"


def address(text: str, shape: str, name: str) -> str:
    """The base URL that a setting means for requests of this shape; "" for the embedded model, `NOBODY` for nobody.

    Args:
        text: ``local``, ``none``, a provider's name, or a URL, with or without a trailing slash or a version.
        name: Which setting that was, for the message.
    Raises:
        SettingsError: None of these.
    """
    url = _VERSION.sub("", text.strip().rstrip("/"))
    if url in ("", LOCAL):
        return ""
    if url == NOBODY:
        return NOBODY
    provider = provider_named(url)
    if provider is not None:
        return provider.url_for(shape) or NOBODY
    scheme, _, host = url.partition("://")
    if scheme not in ("http", "https") or not host or host[0] in "/:?#" or any(c.isspace() or c in "?#" for c in host):
        known = ", ".join(provider.name for provider in PROVIDERS)
        raise SettingsError(
            f"{name} cannot be {text!r}",
            hint=f"write a base URL such as http://127.0.0.1:11434, a provider ({known}), or local",
        )
    return url
