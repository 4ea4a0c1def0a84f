"""A store in a Qdrant server: many machines, the same law of access.

What is exact: the filter, which is part of every query; vectors (all that are allowed are compared); BM25 and its
statistics, which are counted over the rows that the caller may read. What is approximated: a search by words weighs
exactly those rows that the server puts first when every passage counts as of usual length, `_LOOKED_AT` times as many
as are asked for.

A document's rows are written first without a label set, so that nobody sees them, and shown by one request that takes
the old ones away. Whoever dies in between leaves rows that are never seen, and go when the document is put again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ApiException

from sparing.core.passage import Document, Passage, Rights, readable
from sparing.core.store import Embedder, Holdings, Scored
from sparing.errors import StoreError
from sparing.retrieve.store.bm25 import idf
from sparing.retrieve.store.qdrant_rows import (
    DENSE,
    INDEXED,
    WORDS,
    all_of,
    any_of,
    document_point,
    equals,
    label_set,
    passage_of,
    passage_point,
    ranked,
    values_of,
)
from sparing.retrieve.store.qdrant_words import Stored, number_of
from sparing.retrieve.store.words import question_words

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

VERSION = 1
_HEAD = 0  # the point that says what this collection is
_LOOKED_AT, _AT_LEAST = 4, 200
_POINTS_AT_ONCE = 256
_ALL = 1_000_000


class QdrantStore:
    """Implements `Store`. Safe to share between threads.

    Args:
        collection: Made if it is to be written and missing.
        embedder: What makes its vectors; an empty collection becomes one of its vectors.
    Raises:
        StoreError: The server does not answer, there is no such collection, it is none of ours, of a newer version, or
            has another model's vectors.
    """

    def __init__(
        self, client: QdrantClient, collection: str, *, write: bool = False, embedder: Embedder | None = None
    ) -> None:
        self._client = client
        self._collection = collection
        self._write = write
        with self._asking():
            if not client.collection_exists(collection):
                if not write:
                    raise StoreError(f"there is no collection {collection}", hint="`sparing index FOLDER` makes one")
                self._make(embedder)
            self._model, self._dimensions = self._head()
            if embedder is not None and write and self._differs(embedder) and self._is_empty():
                client.delete_collection(collection)
                self._make(embedder)
                self._model, self._dimensions = self._head()
        if embedder is not None and self._differs(embedder):
            has = f"has vectors of {self._model}" if self._model else "was made without vectors"
            raise StoreError(
                f"the collection {collection} {has}, not of {embedder.name}",
                hint="name the embedder that made them, or index into another: two models' vectors do not compare",
            )

    def digests(self) -> Mapping[str, str]:
        return {payload["source"]: payload["digest"] for payload in self._scroll(all_of(equals("kind", "document")))}

    def put(self, document: Document, vectors: NDArray[float32] | None) -> None:
        self._check(document, vectors)
        put = uuid4().hex
        points = [passage_point(document, position, put, vectors) for position in range(len(document.chunks))]
        others = models.Filter(must=[equals("source", document.source)], must_not=[equals("put", put)])
        shown = models.SetPayload(payload={"set": label_set(document)}, filter=all_of(equals("put", put)))
        with self._asking():
            for start in range(0, len(points), _POINTS_AT_ONCE):
                self._client.upsert(self._collection, points[start : start + _POINTS_AT_ONCE], wait=True)
            self._client.batch_update_points(
                self._collection,
                [
                    models.DeleteOperation(delete=models.FilterSelector(filter=others)),
                    models.SetPayloadOperation(set_payload=shown),
                    models.UpsertOperation(upsert=models.PointsList(points=[document_point(document, put)])),
                ],
                wait=True,
            )

    def remove(self, sources: Sequence[str]) -> None:
        self._check_writable()
        if sources:
            gone = models.FilterSelector(filter=all_of(any_of("source", list(sources))))
            with self._asking():
                self._client.delete(self._collection, gone, wait=True)

    def by_words(self, question: str, rights: Rights, limit: int) -> list[Scored]:
        allowed = self._allowed(rights)
        lengths = self._facet("length", all_of(allowed))
        rows, words = sum(lengths.values()), sum(int(length) * num for length, num in lengths.items())
        weights: dict[int, float] = {}
        for number in map(number_of, question_words(question)):
            if holding := self._count(all_of(allowed, equals("terms", number))):
                weights[number] = idf(holding, rows)
        if not weights or limit < 1:
            return []
        together = sum(weights.values())
        weights = {number: weight / together for number, weight in weights.items()}
        with self._asking():
            points = self._client.query_points(
                self._collection,
                query=models.SparseVector(indices=list(weights), values=list(weights.values())),
                using=WORDS,
                query_filter=all_of(allowed),
                limit=max(_AT_LEAST, _LOOKED_AT * limit),
                with_payload=["source", "position", "length"],
                with_vectors=[WORDS],
            ).points
        return ranked([(_stored(point).score(weights, words / rows), point) for point in points])[:limit]

    def by_vector(self, vector: NDArray[float32], rights: Rights, limit: int) -> list[Scored]:
        if vector.shape != (self._dimensions,):
            raise StoreError(
                f"the collection {self._collection} has vectors of {self._dimensions} numbers, not {vector.size}"
            )
        if limit < 1:
            return []
        allowed = self._allowed(rights)
        with self._asking():
            points = self._client.query_points(
                self._collection,
                query=vector.tolist(),
                using=DENSE,
                query_filter=all_of(allowed),
                search_params=models.SearchParams(exact=True),
                limit=limit,
                with_payload=["source", "position"],
            ).points
        return ranked([(point.score, point) for point in points])

    def passages(self, ids: Sequence[int], rights: Rights) -> list[Passage]:
        wanted = [row for row in ids if row > _HEAD]
        if not wanted:
            return []
        found = self._read(rights, [models.HasIdCondition(has_id=list(wanted))])
        rows = {passage.id: passage for passage in found}
        return [rows[row] for row in wanted if row in rows]

    def around(self, passage: Passage, rights: Rights, reach: int = 1) -> list[Passage]:
        position = models.Range(gte=passage.position - reach, lte=passage.position + reach)
        near = [equals("source", passage.source), models.FieldCondition(key="position", range=position)]
        found = self._read(rights, near)
        if passage.id not in {other.id for other in found}:
            return []
        return sorted(found, key=lambda other: other.position)

    def holdings(self, rights: Rights) -> Holdings:
        allowed = self._allowed(rights)
        documents = any_of("document_set", values_of(allowed))
        return Holdings(self._count(all_of(documents)), self._count(all_of(allowed)), self._model)

    def close(self) -> None:
        self._client.close()

    # Who may read what

    def _allowed(self, rights: Rights) -> models.FieldCondition:
        """The condition that every query has: a label set that the caller may read."""
        sets = {str(one): frozenset(json.loads(str(one))) for one in self._facet("document_set")}
        labelled = any(sets.values())
        return any_of("set", [key for key, labels in sets.items() if readable(labels, rights, labelled=labelled)])

    def _read(self, rights: Rights, conditions: Sequence[Any]) -> list[Passage]:
        rows = self._scroll(all_of(self._allowed(rights), *conditions), with_ids=True)
        return [passage_of(payload) for payload in rows]

    # Asking the server

    def _make(self, embedder: Embedder | None) -> None:
        dense = {}
        if embedder is not None:
            dense[DENSE] = models.VectorParams(size=embedder.dimensions, distance=models.Distance.COSINE)
        self._client.create_collection(
            self._collection, vectors_config=dense, sparse_vectors_config={WORDS: models.SparseVectorParams()}
        )
        for field, kind in INDEXED.items():
            self._client.create_payload_index(self._collection, field, kind, wait=True)
        head = {
            "kind": "store",
            "version": VERSION,
            "model": embedder.name if embedder else "",
            "dimensions": embedder.dimensions if embedder else 0,
        }
        self._client.upsert(self._collection, [models.PointStruct(id=_HEAD, vector={}, payload=head)], wait=True)

    def _head(self) -> tuple[str, int]:
        found = self._client.retrieve(self._collection, [_HEAD])
        head = found[0].payload if found and found[0].payload else {}
        if head.get("kind") != "store":
            raise StoreError(f"the collection {self._collection} is no store of passages", hint="name another")
        if head["version"] > VERSION:
            raise StoreError(
                f"the collection {self._collection} was made by a newer version of Sparing", hint="upgrade Sparing"
            )
        return str(head["model"]), int(head["dimensions"])

    def _differs(self, embedder: Embedder) -> bool:
        return (embedder.name, embedder.dimensions) != (self._model, self._dimensions)

    def _is_empty(self) -> bool:
        return not self._count(all_of(equals("kind", "document")))

    def _check_writable(self) -> None:
        if not self._write:
            raise StoreError(f"the collection {self._collection} was opened to be read only")

    def _check(self, document: Document, vectors: NDArray[float32] | None) -> None:
        self._check_writable()
        if (vectors is None) != (not self._model):
            has = f"needs vectors of {self._model}" if self._model else "was made without vectors"
            raise StoreError(f"the collection {self._collection} {has}", hint="open it with that embedder")
        wanted = (len(document.chunks), self._dimensions)
        if vectors is not None and vectors.shape != wanted:
            raise StoreError(f"vectors of shape {vectors.shape} where {wanted} belong")

    def _scroll(self, which: models.Filter, *, with_ids: bool = False) -> Iterator[dict[str, Any]]:
        offset: Any = None
        while True:
            with self._asking():
                points, offset = self._client.scroll(
                    self._collection, scroll_filter=which, limit=1000, offset=offset, with_payload=True
                )
            for point in points:
                yield {**(point.payload or {}), **({"id": point.id} if with_ids else {})}
            if offset is None:
                return

    def _facet(self, key: str, which: models.Filter | None = None) -> dict[Any, int]:
        with self._asking():
            hits = self._client.facet(self._collection, key, facet_filter=which, limit=_ALL, exact=True).hits
        return {hit.value: hit.count for hit in hits}

    def _count(self, which: models.Filter) -> int:
        with self._asking():
            return self._client.count(self._collection, count_filter=which, exact=True).count

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except (ApiException, OSError) as error:
            raise StoreError(
                f"the collection {self._collection} cannot be used: {error}",
                hint="check that the Qdrant server runs, its address and key",
            ) from error


def _stored(point: models.ScoredPoint) -> Stored:
    assert point.payload is not None
    assert isinstance(point.vector, dict)
    vector = point.vector[WORDS]
    assert isinstance(vector, models.SparseVector)
    return Stored(point.payload["length"], vector)
