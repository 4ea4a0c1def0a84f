"""From settings to who answers."""

from __future__ import annotations

from pathlib import Path

from sparing.core.upstream import Upstream
from sparing.settings import Settings

_PROVIDERS = {"openai": "openai.chat", "anthropic": "anthropic.messages"}


def make_upstreams(settings: Settings, models_folder: Path) -> dict[str, Upstream]:
    """An upstream per wire format; formats without a URL share the embedded model, which is loaded when it is asked.

    Args:
        models_folder: Where the weights of embedded models lie.
    """
    from sparing.generate.upstream import HttpUpstream

    upstream = settings.upstream
    made: dict[str, Upstream] = {}
    local: Upstream | None = None
    for provider, wire in _PROVIDERS.items():
        url = getattr(upstream, f"{provider}_url")
        if url:
            made[wire] = HttpUpstream(
                url,
                key=getattr(upstream, f"{provider}_key"),
                provider=provider,
                connect_timeout_s=upstream.connect_timeout_s,
                idle_timeout_s=upstream.idle_timeout_s,
            )
        else:
            local = local or _local(settings, models_folder)
            made[wire] = local
    return made


def _local(settings: Settings, models_folder: Path) -> Upstream:
    from sparing.generate.local import LocalUpstream

    return LocalUpstream(settings.local, models_folder)
