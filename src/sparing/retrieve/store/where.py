"""Which store is meant by a path or an address."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from sparing.core.store import Embedder, Store
from sparing.errors import SettingsError
from sparing.retrieve.store.sqlite import SqliteStore

DEFAULT = ".sparing/store.db"
_TIMEOUT_S = 30
_QDRANT = re.compile(r"qdrant\+(https?://[^/\s]+)/([^/\s]+)/?")


def open_store(
    where: str | Path = DEFAULT, *, write: bool = False, embedder: Embedder | None = None, key: str = ""
) -> Store:
    """The store at a path or an address.

    Args:
        where: A file, or ``qdrant+http://HOST:6333/COLLECTION``.
        write: Whether documents will be put or removed; a store that is missing is made.
        embedder: What makes its vectors. A new store remembers its name; one that has vectors of another is refused.
            None: a new store is one of words only.
        key: Of a Qdrant server.
    Raises:
        StoreError: There is none, it cannot be opened, or has another model's vectors.
        SettingsError: The address is none, or the extra `qdrant` is missing.
    """
    text = str(where)
    if not text.startswith("qdrant+"):
        return SqliteStore(Path(where).expanduser(), write=write, embedder=embedder)
    address = _QDRANT.fullmatch(text)
    if address is None:
        raise SettingsError(f"{text} is no address of a store", hint="write qdrant+http://HOST:6333/COLLECTION")
    if find_spec("qdrant_client") is None:
        raise SettingsError("stores in Qdrant need the extra `qdrant`", hint="pip install 'sparing[qdrant]'")
    from qdrant_client import QdrantClient

    from sparing.retrieve.store.qdrant import QdrantStore

    client = QdrantClient(url=address[1], api_key=key or None, timeout=_TIMEOUT_S, check_compatibility=False)
    return QdrantStore(client, address[2], write=write, embedder=embedder)
