"""The cache of answers in front of the upstreams, as the settings say."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from sparing.core.upstream import Upstream
from sparing.errors import SelectorMissing
from sparing.generate.cache.rules import Rules
from sparing.generate.cache.semantic.bound import Bound
from sparing.generate.cache.semantic.embed import Embedder, Encoder, Lexical, Remembering, Sentences
from sparing.generate.cache.semantic.index import Index
from sparing.generate.cache.semantic.similar import Similar
from sparing.generate.cache.store import MemoryStore, Store
from sparing.generate.cache.upstream import Cached
from sparing.record.metrics import Metrics
from sparing.settings.cache import WORDS, CacheSettings

log = logging.getLogger("sparing.cache")
_TOLD = ("hit", "similar", "shared", "miss", "none", "failed")


def with_cache(upstreams: Mapping[str, Upstream], cache: CacheSettings, file: Path) -> dict[str, Upstream]:
    """The upstreams, each behind the cache; those that are one stay one. All share the store.

    Args:
        file: Where a store on disk lies.
    Raises:
        RecordError: The file cannot be opened.
    """
    if cache.mode == "off":
        return dict(upstreams)
    store, rules = open_store(cache, file), rules_of(cache)
    similar = similar_of(cache, file) if cache.mode == "semantic" else None
    cached = {id(upstream): Cached(upstream, store, rules, similar=similar) for upstream in upstreams.values()}
    return {wire: cached[id(upstream)] for wire, upstream in upstreams.items()}


def open_store(cache: CacheSettings, file: Path, *, must_exist: bool = False) -> Store:
    """Where answers are kept.

    Raises:
        RecordError: The file cannot be opened, or is not there and must be.
    """
    if cache.store == "memory":
        return MemoryStore(max_entries=cache.max_entries, max_bytes=cache.max_bytes)
    from sparing.generate.cache.sqlite import SqliteStore

    return SqliteStore(file, max_entries=cache.max_entries, max_bytes=cache.max_bytes, must_exist=must_exist)


def rules_of(cache: CacheSettings) -> Rules:
    return Rules(
        mode=cache.mode,
        ttl_s=cache.ttl_s,
        dated_ttl_s=cache.dated_ttl_s,
        sampled=cache.sampled,
        tool_calls=cache.tool_calls,
        max_answer_bytes=cache.max_answer_bytes,
    )


def similar_of(cache: CacheSettings, file: Path) -> Similar:
    """What finds questions that mean the same. Its labels are kept beside a store on disk.

    Raises:
        SettingsError: The encoder cannot be used.
    """
    embedder = Remembering(_embedder(cache.encoder))
    labels = file.with_name(f"{file.name}.labels") if cache.store == "sqlite" else None
    return Similar(
        embedder, Bound(cache.max_wrong_percent / 100, file=labels, embedder=embedder.name), Index(cache.max_entries)
    )


def _embedder(encoder: str) -> Embedder:
    if encoder == WORDS:
        return Lexical()
    if encoder:
        return Encoder(Path(encoder).expanduser())
    try:
        from sparing.select.sentence import sentence_embedding

        return Sentences(sentence_embedding())
    except (ImportError, SelectorMissing) as why:
        log.info("questions are compared by words: %s", why)
        return Lexical()


def watch_caches(metrics: Metrics, upstreams: Mapping[str, Upstream]) -> None:
    """Expose how the caches answered."""
    caches = {id(one): one for one in upstreams.values() if isinstance(one, Cached)}.values()
    for what in _TOLD if caches else ():
        metrics.watch_counter(
            f"sparing_cache_{what}",
            f"Requests that the cache of answers told {what}.",
            lambda what=what: sum(one.told[what] for one in caches),  # type: ignore[misc]
        )
