"""Vectors already made, by the text's hash, in a file that processes share: no text is embedded twice."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from sparing.core.store import Embedder
from sparing.sqlite_file import open_file, transaction

_BUSY_S = 5.0
_SCHEMA = """
    create table if not exists vectors (
        id integer primary key, model text not null, digest text not null, vector blob not null, unique (model, digest)
    )
"""
_log = logging.getLogger("sparing")

Floats = NDArray[np.float32]


class Cached:
    """Implements `Embedder` around another. A file that cannot be used costs time, never an answer.

    Args:
        path: Made with its folder if it is missing.
        most_bytes: Of vectors; the ones made first give way.
    """

    def __init__(self, embedder: Embedder, path: Path, *, most_bytes: int) -> None:
        self._embedder = embedder
        self._path = path
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    def embed(self, texts: Sequence[str]) -> Floats:
        digests = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts]
        known = self._read(digests)
        missing = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
        if missing:
            made = self._embedder.embed(list(missing.values()))
            known |= dict(zip(missing, made, strict=True))
            self._write({digest: known[digest] for digest in missing})
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for row, digest in enumerate(digests):
            vectors[row] = known[digest]
        return vectors

    def _read(self, digests: Sequence[str]) -> dict[str, Floats]:
        with self._lock:
            try:
                found = self._open().execute(
                    "select digest, vector from vectors where model = ? and digest in (select value from json_each(?))",
                    (self.name, json.dumps(digests)),
                )
                rows = {digest: np.frombuffer(vector, "<f4") for digest, vector in found}
            except (sqlite3.Error, OSError) as error:
                _log.warning("vectors made before are not read from %s: %s", self._path, error)
                return {}
        return {digest: vector for digest, vector in rows.items() if vector.shape == (self.dimensions,)}

    def _write(self, made: dict[str, Floats]) -> None:
        with self._lock:
            try:
                with transaction(self._open()) as connection:
                    connection.executemany(
                        "insert or ignore into vectors (model, digest, vector) values (?, ?, ?)",
                        [(self.name, digest, vector.astype("<f4").tobytes()) for digest, vector in made.items()],
                    )
                    most = self._most_bytes // (4 * self.dimensions)
                    connection.execute("delete from vectors where id <= (select max(id) from vectors) - ?", (most,))
            except (sqlite3.Error, OSError) as error:
                _log.warning("vectors are not kept in %s: %s", self._path, error)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = open_file(
                self._path, lambda connection: connection.execute(_SCHEMA), busy_s=_BUSY_S, private=True
            )
        return self._connection

    def close(self) -> None:
        """Opened again when it is next used."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
