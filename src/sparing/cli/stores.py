"""A store of passages as the command line opens it: where, with which embedder, and on whose behalf."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sparing.core.passage import Rights

if TYPE_CHECKING:
    from sparing.core.store import Embedder, Store
    from sparing.settings.retrieval import RetrievalSettings

OWNER = Rights(everything=True)


def rights_of(labels: Iterable[str]) -> Rights:
    """Of who holds these labels; with none the owner's, who runs the command line on their own machine."""
    held = frozenset(labels)
    return Rights(held) if held else OWNER


@contextmanager
def opened(where: str | None, settings: RetrievalSettings) -> Iterator[tuple[Store, Embedder | None]]:
    """A store to read, and what made its vectors; None where it has none, or it is to be searched by words alone.

    Args:
        where: Path or address; None for the one of the settings.
    Raises:
        StoreError: There is none, it cannot be opened, or the settings name another embedder than made its vectors.
    """
    from sparing.retrieve.embed import embedder_for
    from sparing.retrieve.store import open_store

    store = open_store(where or settings.store, key=settings.store_key)
    try:
        model = store.holdings(OWNER).model
        yield store, embedder_for(settings.embedder, settings, model) if model else None
    finally:
        store.close()
