"""Which embedder a name means."""

from __future__ import annotations

import os
from importlib.util import find_spec

from sparing.core.store import Embedder
from sparing.errors import SelectorMissing, SettingsError
from sparing.settings.paths import embeddings_file
from sparing.settings.retrieval import RetrievalSettings

AUTO, SHIPPED, NONE = "auto", "shipped", "none"


def embedder_for(name: str, settings: RetrievalSettings) -> Embedder | None:
    """The embedder of this name; None for a store of words only.

    Args:
        name: ``auto``, ``shipped``, ``none``, or the name of a model at `settings.embedder_url`.
    Raises:
        SettingsError: Nobody is named who runs that model, or the extra `select` (numpy) is missing.
        SelectorMissing: The shipped one cannot run here.
        UpstreamError: The model's server does not say how long its vectors are.
    """
    if name == NONE:
        return None
    if name == AUTO:
        try:
            return embedder_for(SHIPPED, settings)
        except SelectorMissing:
            return None
    return _cached(_made(name, settings), settings)


def _made(name: str, settings: RetrievalSettings) -> Embedder:
    if name == SHIPPED:
        from sparing.retrieve.embed.shipped import shipped

        return shipped()
    if find_spec("numpy") is None:
        raise SettingsError("vectors need the extra `select`", hint="pip install 'sparing[select]', or embedder none")
    if not settings.embedder_url:
        raise SettingsError(
            f"nobody is named who runs the embedder {name!r}",
            hint="set retrieval.embedder_url to a base URL or a provider, or use the embedder shipped, auto or none",
        )
    from sparing.retrieve.embed.served import Served

    return Served(name, settings.embedder_url, settings.embedder_key, texts=settings.embedder_texts)


def _cached(embedder: Embedder, settings: RetrievalSettings) -> Embedder:
    if not settings.cache_bytes:
        return embedder
    from sparing.retrieve.embed.cached import Cached

    return Cached(embedder, embeddings_file(settings, os.environ), most_bytes=settings.cache_bytes)
