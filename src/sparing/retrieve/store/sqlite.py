"""A store in one SQLite file: passages, who may read them, their words and vectors; a document is a transaction."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sparing.core.content import Content
from sparing.core.passage import Document, Passage, Rights
from sparing.core.store import Embedder, Holdings, Scored
from sparing.errors import SourceUnreadable, StoreError
from sparing.retrieve.store import postings
from sparing.retrieve.store.bm25 import best_by_words
from sparing.retrieve.store.failing import storing
from sparing.retrieve.store.posting import MOST_ROW, MOST_SET
from sparing.retrieve.store.remembered import Remembered, meta
from sparing.retrieve.store.schema import connect
from sparing.retrieve.store.words import question_words, words_of
from sparing.sqlite_file import transaction

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

_READ = """
    select p.id, d.source, p.id - d.id, p.text, p.heads, p.place, p.start, p.end, p.content
    from json_each(?) wanted
    join passages p on p.id = wanted.value
    join documents d on d.id = (select max(id) from documents where id <= p.id)
    where d.set_id in (select value from json_each(?)) order by wanted.key
"""
_FREE_SET = """
    select min(id) + 1 from (select 0 as id union all select id from sets) used
    where not exists (select 1 from sets where id = used.id + 1)
"""


class SqliteStore:
    """Implements `Store`. Safe to share between threads; any number of processes may read while one writes.

    Args:
        path: Made with its folder if it is to be written and missing.
        embedder: What makes its vectors; an empty store becomes one of its vectors.
    Raises:
        StoreError: It cannot be opened, is none of ours, of a newer version, or has another model's vectors.
    """

    def __init__(self, path: Path, *, write: bool = False, embedder: Embedder | None = None) -> None:
        self.path = path
        self._write = write
        self._lock = threading.Lock()
        self._remembered = Remembered()
        with storing(path):
            self._connection = connect(path, write=write)
        try:
            self._agree(embedder)
        except BaseException:
            self._connection.close()
            raise

    def digests(self) -> Mapping[str, str]:
        with self._reading() as connection:
            return dict(connection.execute("select source, digest from documents").fetchall())

    def put(self, document: Document, vectors: NDArray[float32] | None) -> None:
        texts = [document.text_of(chunk) for chunk in document.chunks]
        words = [words_of(chunk.heads, text) for chunk, text in zip(document.chunks, texts, strict=True)]
        num, total = len(texts), sum(map(len, words))
        with self._writing() as connection:
            coded = self._coded(vectors, num)
            self._remove([document.source])
            set_id = self._intern(document.labels)
            first = int(meta(connection)["next_row"])
            if first + num > MOST_ROW:
                raise StoreError(f"the store {self.path} has used all its rows", hint="index into a new file")
            connection.execute("update meta set value = ? where key = 'next_row'", (first + max(1, num),))
            connection.execute(
                "insert into documents values (?, ?, ?, ?, ?, ?)",
                (first, document.source, document.digest, set_id, num, total),
            )
            connection.executemany(
                "insert into passages values (?, ?, ?, ?, ?, ?, ?)",
                [
                    (row, chunk.start, chunk.end, chunk.place, chunk.content.value, chunk.heads, text)
                    for row, (chunk, text) in enumerate(zip(document.chunks, texts, strict=True), first)
                ],
            )
            self._count(set_id, 1, num, total)
            if num:
                postings.add(connection, first, set_id, num, postings.postings_of(first, set_id, words))
                if coded is not None:
                    connection.execute("insert into vectors values (?, ?, ?, ?, ?)", (first, set_id, num, *coded))

    def remove(self, sources: Sequence[str]) -> None:
        with self._writing():
            self._remove(sources)
        self._give_back()

    def by_words(self, question: str, rights: Rights, limit: int) -> list[Scored]:
        with self._reading() as connection:
            sets = self._remembered.allowed(connection, rights)
            ids = [one.id for one in sets]
            found = postings.look_up(connection, question_words(question), ids, self._remembered.fresh)
        rows = sum(one.passages for one in sets)
        return best_by_words(found, rows, sum(one.words for one in sets) / max(1, rows), limit)

    def by_vector(self, vector: NDArray[float32], rights: Rights, limit: int) -> list[Scored]:
        with self._reading() as connection:
            if not self._model()[0]:
                raise StoreError(f"the store {self.path} was made without vectors", hint="search it by words")
            sets = self._remembered.allowed(connection, rights)
            vectors = self._remembered.vectors(connection)
        if vector.shape != (vectors.codes.shape[1],):
            raise StoreError(
                f"the store {self.path} has vectors of {vectors.codes.shape[1]} numbers, not {vector.shape}"
            )
        return vectors.nearest(vector, [one.id for one in sets], limit)

    def passages(self, ids: Sequence[int], rights: Rights) -> list[Passage]:
        with self._reading() as connection:
            sets = [one.id for one in self._remembered.allowed(connection, rights)]
            rows = connection.execute(_READ, (json.dumps(list(ids)), json.dumps(sets))).fetchall()
        return [_passage(*row) for row in rows]

    def around(self, passage: Passage, rights: Rights, reach: int = 1) -> list[Passage]:
        near = range(max(0, passage.position - reach), passage.position + reach + 1)
        first = passage.id - passage.position
        found = self.passages([first + position for position in near], rights)
        return [other for other in found if other.source == passage.source and first == other.id - other.position]

    def holdings(self, rights: Rights) -> Holdings:
        with self._reading() as connection:
            sets, model = self._remembered.allowed(connection, rights), self._model()[0]
        return Holdings(sum(one.documents for one in sets), sum(one.passages for one in sets), model)

    def close(self) -> None:
        with self._lock, storing(self.path):
            self._connection.close()

    def __enter__(self) -> SqliteStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Transactions

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """One state of the store, whatever is written meanwhile."""
        with self._lock, storing(self.path), transaction(self._connection, write=False) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        if not self._write:
            raise StoreError(f"the store {self.path} was opened to be read only")
        with self._lock, storing(self.path), transaction(self._connection) as connection:
            try:
                yield connection
            except UnicodeEncodeError as error:
                raise SourceUnreadable("it holds half of a character (a lone surrogate), which is no text") from error

    def _give_back(self) -> None:
        """Free pages go back to the file system."""
        with self._lock, storing(self.path):
            self._connection.executescript("pragma incremental_vacuum")  # `execute` would free one page

    # Inside a transaction

    def _model(self) -> tuple[str, int]:
        found = meta(self._connection)
        return str(found["model"]), int(found["dimensions"])

    def _agree(self, embedder: Embedder | None) -> None:
        """Vectors of two models do not compare."""
        if embedder is None:
            return
        wanted = (embedder.name, embedder.dimensions)
        with self._reading() as connection:
            model = self._model()
            empty = not connection.execute("select exists (select 1 from documents)").fetchone()[0]
        if model == wanted:
            return
        if not (empty and self._write):
            has = f"has vectors of {model[0]}" if model[0] else "was made without vectors"
            raise StoreError(
                f"the store {self.path} {has}, not of {embedder.name}",
                hint="name the embedder that made them, or index into another file: two models' vectors do not compare",
            )
        with self._writing() as connection:
            connection.executemany(
                "update meta set value = ? where key = ?", [(wanted[0], "model"), (wanted[1], "dimensions")]
            )

    def _coded(self, vectors: NDArray[float32] | None, num: int) -> tuple[bytes, bytes] | None:
        model, dimensions = self._model()
        if vectors is None:
            if model and num:
                raise StoreError(f"the store {self.path} needs vectors of {model}", hint="open it with that embedder")
            return None
        if not model:
            raise StoreError(f"the store {self.path} was made without vectors", hint="index into another file")
        if vectors.shape != (num, dimensions):
            raise StoreError(f"vectors of shape {vectors.shape} where {(num, dimensions)} belong")
        from sparing.retrieve.store.vectors import quantise

        codes, scales = quantise(vectors)
        return codes.tobytes(), scales.astype("<f4").tobytes()

    def _intern(self, labels: frozenset[str]) -> int:
        key = json.dumps(sorted(labels))
        known = self._connection.execute("select id from sets where labels = ?", (key,)).fetchone()
        if known:
            return int(known[0])
        free = self._connection.execute("select coalesce(max(id), 0) + 1 from sets").fetchone()[0]
        if free > MOST_SET:
            free = self._connection.execute(_FREE_SET).fetchone()[0]
        if free > MOST_SET:
            raise StoreError(f"the store {self.path} has {MOST_SET:,} different sets of labels already")
        self._connection.execute("insert into sets values (?, ?, 0, 0, 0)", (free, key))
        return int(free)

    def _count(self, set_id: int, documents: int, passages: int, words: int) -> None:
        self._connection.execute(
            "update sets set documents = documents + ?, passages = passages + ?, words = words + ? where id = ?",
            (documents, passages, words, set_id),
        )

    def _remove(self, sources: Sequence[str]) -> None:
        connection = self._connection
        for document, set_id, num, total in connection.execute(
            "select id, set_id, passages, words from documents where source in (select value from json_each(?))",
            (json.dumps(list(sources)),),
        ).fetchall():
            rows = (document, document + num)
            texts = connection.execute("select heads, text from passages where id >= ? and id < ?", rows).fetchall()
            words = {word for heads, text in texts for word in words_of(heads, text)}
            postings.erase(connection, document, range(*rows), words)
            connection.execute("delete from passages where id >= ? and id < ?", rows)
            connection.execute("delete from vectors where document = ?", (document,))
            connection.execute("delete from documents where id = ?", (document,))
            self._count(set_id, -1, -num, -total)
            connection.execute("update meta set value = value + 1 where key = 'removed'")
            connection.execute("delete from sets where id = ? and documents = 0", (set_id,))


def _passage(
    row: int, source: str, position: int, text: str, heads: str, place: str, start: int, end: int, content: str
) -> Passage:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Passage(row, source, position, text, digest, heads, place, start, end, Content(content))
