"""What is remembered of a store between searches: its label sets, its latest words, and its vectors."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from sparing.core.passage import Rights
from sparing.retrieve.store.access import LabelSet, LabelSets
from sparing.retrieve.store.postings import Fresh

if TYPE_CHECKING:
    from sparing.retrieve.store.vectors import Vectors


class Remembered:
    """As the transaction that asks sees it: what others wrote meanwhile is read first."""

    def __init__(self) -> None:
        self._version: tuple[int, int] | None = None
        self._sets = LabelSets([])
        self.fresh = Fresh()
        self._removed = -1
        self._vectors: Vectors | None = None

    def allowed(self, connection: sqlite3.Connection, rights: Rights) -> list[LabelSet]:
        """The label sets that a caller may read."""
        version = (connection.execute("pragma data_version").fetchone()[0], connection.total_changes)
        if self._version != version:
            rows = connection.execute("select id, labels, documents, passages, words from sets").fetchall()
            self._sets = LabelSets([LabelSet(row[0], frozenset(json.loads(row[1])), *row[2:]) for row in rows])
            self._version = version
        return self._sets.allowed(rights)

    def vectors(self, connection: sqlite3.Connection) -> Vectors:
        """All vectors; of those remembered the ones that went are left out, those that came are added."""
        from sparing.retrieve.store.vectors import Vectors, alive, read

        told = meta(connection)
        removed, dimensions = int(told["removed"]), int(told["dimensions"])
        vectors = self._vectors
        if vectors is None or vectors.codes.shape[1] != dimensions:
            vectors = Vectors.none(dimensions)
        elif self._removed != removed:
            vectors = alive(vectors, connection.execute("select document, rows from vectors").fetchall())
        last = int(vectors.rows[-1]) if len(vectors.rows) else 0
        num = connection.execute("select total(rows) from vectors where document > ?", (last,)).fetchone()[0]
        if num:
            query = "select document, rows, set_id, codes, scales from vectors where document > ? order by document"
            with closing(connection.execute(query, (last,))) as rows:
                vectors += read(rows, int(num), dimensions)
        self._removed, self._vectors = removed, vectors
        return vectors


def meta(connection: sqlite3.Connection) -> dict[str, str | int]:
    """What a store says of itself: next_row, removed, model, dimensions."""
    return dict(connection.execute("select key, value from meta").fetchall())
