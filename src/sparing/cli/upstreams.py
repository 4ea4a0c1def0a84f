"""Which upstream answers which wire format, from the settings."""

from __future__ import annotations

import os

from sparing.core.upstream import Upstream
from sparing.settings import Settings
from sparing.settings.paths import models_folder

OPENAI, ANTHROPIC = "openai.chat", "anthropic.messages"


def make_upstreams(settings: Settings) -> dict[str, Upstream]:
    """An upstream per wire format; nothing is loaded or connected before the first call."""
    from sparing.gateway import upstreams

    return upstreams.make_upstreams(settings, models_folder(os.environ))


def describe(settings: Settings) -> dict[str, str]:
    """The same in words: a URL, or ``embedded <model>``."""
    embedded = f"embedded {settings.local.model}"
    upstream = settings.upstream
    return {OPENAI: upstream.openai_url or embedded, ANTHROPIC: upstream.anthropic_url or embedded}
