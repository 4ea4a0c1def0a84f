"""The upstream at an address, and the embedded one."""

from __future__ import annotations

from pathlib import Path

from sparing.core.upstream import Upstream
from sparing.settings.providers import provider_at, provider_named
from sparing.settings.tree import LocalSettings, UpstreamSettings


def remote(upstream: UpstreamSettings, shape: str, url: str, key: str) -> Upstream:
    """A server at this address, for requests of this shape.

    Args:
        key: Sent where the caller sends none.
    """
    from sparing.generate.upstream import HttpUpstream

    provider = provider_at(shape, url) or provider_named(shape)
    return HttpUpstream(
        url,
        key=key,
        provider=provider.name if provider else shape,
        key_header=provider.header_for(shape) if provider else "authorization",
        connect_timeout_s=upstream.connect_timeout_s,
        idle_timeout_s=upstream.idle_timeout_s,
    )


def embedded(local: LocalSettings, models_folder: Path) -> Upstream:
    """The embedded model."""
    if local.engine == "torch":
        from sparing.generate.torch_engine.upstream import TorchUpstream

        return TorchUpstream(local, models_folder)
    from sparing.generate.local import LocalUpstream

    return LocalUpstream(local, models_folder)


def seller(shape: str, url: str) -> str:
    """Who is paid at this address, as the price table calls them; "" where anyone could stand behind it."""
    if not url:
        return "embedded"
    provider = provider_at(shape, url)
    return provider.prices if provider else ""
