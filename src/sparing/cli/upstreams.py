"""Which upstream answers which wire format, from the settings."""

from __future__ import annotations

import os

from sparing.core.upstream import Upstream
from sparing.settings import Settings
from sparing.settings.paths import learned_file, models_folder
from sparing.settings.providers import shape_of
from sparing.settings.urls import NOBODY

OPENAI, ANTHROPIC, GEMINI = "openai.chat", "anthropic.messages", "gemini"
_ENGINES = {"llama": "", "torch": " (PyTorch)"}


def make_upstreams(settings: Settings) -> dict[str, Upstream]:
    """An upstream per wire format; nothing is loaded or connected before the first call."""
    from sparing.gateway import upstreams

    return upstreams.make_upstreams(settings, models_folder(os.environ), learned_file(settings.routing, os.environ))


def describe(settings: Settings) -> dict[str, str]:
    """The same in words: the tiers, a URL, ``embedded <model>``, or what would have to be done."""
    from sparing.gateway.upstreams import embedded_wires, how_to_serve
    from sparing.settings.tiers import wires_of

    words = {}
    for wire in (OPENAI, ANTHROPIC, GEMINI):
        url = getattr(settings.upstream, f"{shape_of(wire)}_url")
        spoken = wires_of(settings.tiers, embedded_wires(settings))
        tiers = [name for name, wires in spoken.items() if wire in wires]
        if tiers:
            words[wire] = f"tiers {', '.join(tiers)}"
        elif url == NOBODY or (not url and wire not in embedded_wires(settings)):
            words[wire] = f"nobody yet: {how_to_serve(wire)}"
        else:
            words[wire] = url or f"embedded {settings.local.model}{_ENGINES[settings.local.engine]}"
    return words


def remote(settings: Settings) -> list[str]:
    """The wire formats that a server answers, one of each shape, in order of preference."""
    urls = {wire: getattr(settings.upstream, f"{shape_of(wire)}_url") for wire in (OPENAI, ANTHROPIC, GEMINI)}
    return [wire for wire, url in urls.items() if url not in ("", NOBODY)]
