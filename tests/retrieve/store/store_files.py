"""Stores in files: documents to put, and whether all parts of a file tell of the same rows."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import numpy as np

from sparing.core.passage import Chunk, Document, Rights
from sparing.retrieve.store.sqlite import SqliteStore

sys.path.append(str(Path(__file__).parents[1]))
from memory_store import FakeEmbedder, MemoryStore

__all__ = ["EMBEDDER", "OWNER", "FakeEmbedder", "MemoryStore", "document", "filled", "vectors", "whole"]

OWNER = Rights(everything=True)
EMBEDDER = FakeEmbedder(16)


def document(number: int, size: int = 3, labels: str = "") -> Document:
    texts = [f"common word{number % 50} word{number * 7 % 300} part{i}" for i in range(size)]
    ends = [sum(len(text) + 1 for text in texts[: i + 1]) for i in range(size)]
    chunks = tuple(Chunk(end - len(text) - 1, end - 1) for end, text in zip(ends, texts, strict=True))
    return Document(f"d{number}", "\n".join(texts), f"digest {number}", chunks, frozenset(labels.split()))


def vectors(one: Document) -> np.ndarray:
    return EMBEDDER.embed([one.text_of(chunk) for chunk in one.chunks])


def filled(path: Path, num: int) -> SqliteStore:
    store = SqliteStore(path, write=True, embedder=EMBEDDER)
    for number in range(num):
        store.put(document(number), vectors(document(number)))
    return store


def whole(path: Path) -> bool:
    """SQLite's own check, and ours: all parts tell of the same rows."""
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        counts = [
            connection.execute(query).fetchone()[0]
            for query in (
                "select count(*) from passages",
                "select total(passages) from documents",
                "select total(passages) from sets",
                "select total(rows) from vectors",
            )
        ]
        assert len(set(counts)) == 1, counts
        return True
    finally:
        connection.close()
