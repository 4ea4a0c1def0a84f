"""From settings to who answers."""

from __future__ import annotations

from pathlib import Path

from sparing.core.upstream import Upstream
from sparing.settings import Settings
from sparing.settings.providers import SHAPES, provider_at, provider_named, shape_of
from sparing.settings.urls import NOBODY

_EMBEDDED = {"llama": ("openai.chat", "openai.responses", "anthropic.messages"), "torch": ("openai.chat",)}


def embedded_wires(settings: Settings) -> tuple[str, ...]:
    """Wire formats that the embedded model speaks."""
    return _EMBEDDED[settings.local.engine]


def make_upstreams(settings: Settings, models_folder: Path) -> dict[str, Upstream]:
    """An upstream per wire format that somebody answers.

    The wire formats of one address share it. Those without an address share the embedded model, which is loaded when
    it is asked, as far as it speaks them.

    Args:
        models_folder: Where the weights of embedded models lie.
    """
    made: dict[str, Upstream] = {}
    local: Upstream | None = None
    for shape, wires in SHAPES.items():
        url = getattr(settings.upstream, f"{shape}_url")
        if url == NOBODY:
            continue
        if url:
            provider = provider_at(shape, url)
            served = [wire for wire in wires if provider is None or wire in provider.wires]
            made |= dict.fromkeys(served, _remote(settings, shape, url))
        else:
            served = [wire for wire in wires if wire in embedded_wires(settings)]
            if served:
                local = local or _local(settings, models_folder)
                made |= dict.fromkeys(served, local)
    return made


def sellers(settings: Settings) -> dict[str, str]:
    """Wire format to who is paid for the tokens, as the price table calls them.

    "" where any gateway could stand behind the address: prices then go by the name of the model.
    """
    return {
        wire: _seller(shape, getattr(settings.upstream, f"{shape}_url")) for shape in SHAPES for wire in SHAPES[shape]
    }


def _seller(shape: str, url: str) -> str:
    if not url:
        return "embedded"
    provider = provider_at(shape, url)
    return provider.prices if provider else ""


def how_to_serve(wire: str) -> str:
    """What a user does so that a wire format is answered."""
    shape = shape_of(wire)
    if not shape:
        return "the gateway was given no upstream for it"
    return f"set SPARING_UPSTREAM__{shape.upper()}_URL={shape}, or to another server that speaks it"


def _remote(settings: Settings, shape: str, url: str) -> Upstream:
    from sparing.generate.upstream import HttpUpstream

    upstream = settings.upstream
    provider = provider_at(shape, url) or provider_named(shape)
    return HttpUpstream(
        url,
        key=getattr(upstream, f"{shape}_key"),
        provider=provider.name if provider else shape,
        key_header=provider.header_for(shape) if provider else "authorization",
        connect_timeout_s=upstream.connect_timeout_s,
        idle_timeout_s=upstream.idle_timeout_s,
    )


def _local(settings: Settings, models_folder: Path) -> Upstream:
    if settings.local.engine == "torch":
        from sparing.generate.torch_engine.upstream import TorchUpstream

        return TorchUpstream(settings.local, models_folder)
    from sparing.generate.local import LocalUpstream

    return LocalUpstream(settings.local, models_folder)
