"""Which store is meant by a path or an address."""

from __future__ import annotations

from pathlib import Path

from sparing.core.store import Embedder, Store
from sparing.retrieve.store.sqlite import SqliteStore

DEFAULT = ".sparing/store.db"


def open_store(where: str | Path = DEFAULT, *, write: bool = False, embedder: Embedder | None = None) -> Store:
    """The store at a path.

    Args:
        write: Whether documents will be put or removed; a store that is missing is made.
        embedder: What makes its vectors. A new store remembers its name; one that has vectors of another is refused.
            None: a new store is one of words only.
    Raises:
        StoreError: There is none, it cannot be opened, or has another model's vectors.
    """
    return SqliteStore(Path(where), write=write, embedder=embedder)
