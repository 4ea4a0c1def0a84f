"""Which embedder a name means."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec

from sparing.core.store import Embedder
from sparing.errors import SelectorMissing, SettingsError
from sparing.settings.paths import embeddings_file
from sparing.settings.retrieval import RetrievalSettings

AUTO, NONE, STATIC, MINILM = "auto", "none", "static", "minilm"
PREFERRED = MINILM  # of a new store


def embedder_for(name: str, settings: RetrievalSettings, made_by: str = "") -> Embedder | None:
    """The embedder of this name; None for a store of words only.

    Args:
        name: ``static`` or ``minilm``, which are shipped; ``none``; the name of a model at `settings.embedder_url`; or
            ``auto``: what made the store's vectors, for a new store `PREFERRED`, and none where that cannot run.
        made_by: The model of the vectors that a store holds; "" where it holds none.
    Raises:
        SettingsError: Nobody is named who runs that model, or the extra `select` (numpy) is missing.
        SelectorMissing: A shipped one cannot run here.
        UpstreamError: The model's server does not say how long its vectors are.
    """
    if name == NONE:
        return None
    if name == AUTO:
        try:
            return embedder_for(name_of(made_by) or PREFERRED, settings)
        except SelectorMissing:
            return None
    return _cached(_made(name, settings), settings)


def shipped(name: str) -> Embedder:
    """An embedder that comes with the package, ``static`` or ``minilm``; loaded once in a process.

    Raises:
        SelectorMissing: The extra `select` is not installed, or a file is missing or damaged.
    """
    if find_spec("numpy") is None:
        raise SelectorMissing(f"the embedder {name} needs the extra `select`", hint="pip install 'sparing[select]'")
    return _SHIPPED[name]()


def _static() -> Embedder:
    from sparing.select.embedding import embedding

    return embedding()


def _minilm() -> Embedder:
    from sparing.select.sentence import sentence_embedding

    return sentence_embedding()


_SHIPPED: dict[str, Callable[[], Embedder]] = {STATIC: _static, MINILM: _minilm}


def name_of(model: str) -> str:
    """What the embedder of a store's vectors is called: a shipped one without its hash, any other as its model."""
    return next((name for name in _SHIPPED if model.startswith(f"sparing-{name}-")), model)


def _made(name: str, settings: RetrievalSettings) -> Embedder:
    if name in _SHIPPED:
        return shipped(name)
    if find_spec("numpy") is None:
        raise SettingsError("vectors need the extra `select`", hint="pip install 'sparing[select]', or embedder none")
    if not settings.embedder_url:
        raise SettingsError(
            f"nobody is named who runs the embedder {name!r}",
            hint="set retrieval.embedder_url to a base URL or a provider, or use static, minilm, auto or none",
        )
    from sparing.retrieve.embed.served import Served

    return Served(name, settings.embedder_url, settings.embedder_key, texts=settings.embedder_texts)


def _cached(embedder: Embedder, settings: RetrievalSettings) -> Embedder:
    if not settings.cache_bytes:
        return embedder
    from sparing.retrieve.embed.cached import Cached

    return Cached(embedder, embeddings_file(settings, os.environ), most_bytes=settings.cache_bytes)
