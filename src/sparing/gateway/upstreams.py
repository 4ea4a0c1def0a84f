"""From settings to who answers."""

from __future__ import annotations

from pathlib import Path

from sparing.core.upstream import Upstream
from sparing.gateway.clients import embedded, remote, seller
from sparing.gateway.tiers import make_tiers
from sparing.settings import Settings
from sparing.settings.providers import SHAPES, provider_at, shape_of
from sparing.settings.urls import NOBODY

_EMBEDDED = {"llama": ("openai.chat", "openai.responses", "anthropic.messages"), "torch": ("openai.chat",)}


def embedded_wires(settings: Settings) -> tuple[str, ...]:
    """Wire formats that the embedded model speaks."""
    return _EMBEDDED[settings.local.engine]


def make_upstreams(settings: Settings, models_folder: Path, learned_file: Path | None = None) -> dict[str, Upstream]:
    """An upstream per wire format that somebody answers.

    The wire formats of one address share it. Those without an address share the embedded model, which is loaded when
    it is asked, as far as it speaks them. Where there are tiers that speak a wire format, they answer it.

    Args:
        models_folder: Where the weights of embedded models lie.
        learned_file: Where what the cascade learns is kept; None for nowhere.
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
            key = getattr(settings.upstream, f"{shape}_key")
            made |= dict.fromkeys(served, remote(settings.upstream, shape, url, key))
        else:
            served = [wire for wire in wires if wire in embedded_wires(settings)]
            if served:
                local = local or embedded(settings.local, models_folder)
                made |= dict.fromkeys(served, local)
    return made | make_tiers(settings, models_folder, embedded_wires(settings), learned_file)


def sellers(settings: Settings) -> dict[str, str]:
    """Wire format to who is paid for the tokens, as the price table calls them.

    "" where any gateway could stand behind the address: prices then go by the name of the model.
    """
    return {
        wire: seller(shape, getattr(settings.upstream, f"{shape}_url")) for shape in SHAPES for wire in SHAPES[shape]
    }


def how_to_serve(wire: str) -> str:
    """What a user does so that a wire format is answered."""
    shape = shape_of(wire)
    if not shape:
        return "the gateway was given no upstream for it"
    return f"set SPARING_UPSTREAM__{shape.upper()}_URL={shape}, or to another server that speaks it"
