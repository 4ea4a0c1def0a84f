"""A store's documents and passages as Qdrant's points, and the conditions by which they are found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qdrant_client import models

from sparing.core.content import Content
from sparing.core.passage import Document, Passage
from sparing.core.store import Scored
from sparing.retrieve.store.qdrant_words import sparse
from sparing.retrieve.store.words import words_of

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

_NO_VALUE = ""  # no field has it: a condition of no values is met by nothing, whatever a server makes of an empty list
DENSE, WORDS = "dense", "words"
INDEXED = {
    "kind": models.PayloadSchemaType.KEYWORD,
    "set": models.PayloadSchemaType.KEYWORD,
    "document_set": models.PayloadSchemaType.KEYWORD,
    "source": models.PayloadSchemaType.KEYWORD,
    "put": models.PayloadSchemaType.KEYWORD,
    "position": models.PayloadSchemaType.INTEGER,
    "length": models.PayloadSchemaType.INTEGER,
    "terms": models.PayloadSchemaType.INTEGER,
}


def passage_point(document: Document, position: int, put: str, vectors: NDArray[float32] | None) -> models.PointStruct:
    chunk = document.chunks[position]
    text = document.text_of(chunk)
    words = words_of(chunk.heads, text)
    found_by = sparse(words)
    payload = {
        "source": document.source,
        "put": put,
        "position": position,
        "length": len(words),
        "terms": found_by.indices,
        "text": text,
        "heads": chunk.heads,
        "place": chunk.place,
        "start": chunk.start,
        "end": chunk.end,
        "content": chunk.content.value,
    }
    vector: dict[str, Any] = {WORDS: found_by} | ({} if vectors is None else {DENSE: vectors[position].tolist()})
    return models.PointStruct(id=_id(document.source, put, position), vector=vector, payload=payload)


def document_point(document: Document, put: str) -> models.PointStruct:
    """What says that a document is wholly there."""
    payload = {
        "kind": "document",
        "source": document.source,
        "digest": document.digest,
        "put": put,
        "document_set": label_set(document),
    }
    return models.PointStruct(id=_id(document.source, put, -1), vector={}, payload=payload)


def label_set(document: Document) -> str:
    """Its labels, as one value."""
    return json.dumps(sorted(document.labels))


def _id(source: str, put: str, position: int) -> int:
    """A row that no other has had or will have: 63 bits, never that of the head."""
    digest = hashlib.sha256(f"{position} {put} {source}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1 | 1


def all_of(*conditions: Any) -> models.Filter:
    return models.Filter(must=list(conditions))


def equals(key: str, value: str | int) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


def any_of(key: str, values: list[str]) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchAny(any=values or [_NO_VALUE]))


def values_of(condition: models.FieldCondition) -> list[str]:
    assert isinstance(condition.match, models.MatchAny)
    return [str(value) for value in condition.match.any]


def ranked(scores: Sequence[tuple[float, Any]]) -> list[Scored]:
    """Best first, equals in the order of their documents."""
    order = sorted(scores, key=lambda one: (-one[0], one[1].payload["source"], one[1].payload["position"]))
    return [Scored(int(point.id), score) for score, point in order]


def passage_of(payload: Mapping[str, Any]) -> Passage:
    text = payload["text"]
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Passage(
        payload["id"],
        payload["source"],
        payload["position"],
        text,
        digest,
        payload["heads"],
        payload["place"],
        payload["start"],
        payload["end"],
        Content(payload["content"]),
    )
