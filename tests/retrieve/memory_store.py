"""A store in memory, slow and plain, that other stores are compared with; and an embedder without a model."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from sparing.core.passage import Document, Passage, Rights, readable
from sparing.core.store import Holdings, Scored
from sparing.errors import StoreError
from sparing.retrieve.store.bm25 import K1, B, idf
from sparing.retrieve.store.words import question_words, words_of


@dataclass(frozen=True)
class _Row:
    passage: Passage
    labels: frozenset[str]
    words: Counter[str]
    vector: NDArray[np.float32] | None


class MemoryStore:
    """Implements `Store` by looking at every row, every time.

    Args:
        model: Name of what makes its vectors; "" for words only.
    """

    def __init__(self, model: str = "") -> None:
        self.model = model
        self._documents: dict[str, Document] = {}
        self._rows: dict[int, _Row] = {}
        self._ids = count(1)

    def digests(self) -> Mapping[str, str]:
        return {source: document.digest for source, document in self._documents.items()}

    def put(self, document: Document, vectors: NDArray[np.float32] | None) -> None:
        if (vectors is None) != (not self.model):
            raise StoreError("vectors and the store's model do not go together")
        if vectors is not None and len(vectors) != len(document.chunks):
            raise StoreError("one vector for every chunk")
        self.remove([document.source])
        self._documents[document.source] = document
        for position, chunk in enumerate(document.chunks):
            text = document.text_of(chunk)
            row = next(self._ids)
            passage = Passage(
                row,
                document.source,
                position,
                text,
                hashlib.sha256(text.encode()).hexdigest(),
                chunk.heads,
                chunk.place,
                chunk.start,
                chunk.end,
                chunk.content,
            )
            vector = None if vectors is None else np.array(vectors[position], np.float32)
            self._rows[row] = _Row(passage, document.labels, Counter(words_of(chunk.heads, text)), vector)

    def remove(self, sources: Sequence[str]) -> None:
        for source in sources:
            self._documents.pop(source, None)
        self._rows = {row: held for row, held in self._rows.items() if held.passage.source in self._documents}

    def by_words(self, question: str, rights: Rights, limit: int) -> list[Scored]:
        rows = self._readable(rights)
        mean = sum(row.words.total() for row in rows) / max(1, len(rows))
        scores: dict[int, float] = {}
        holders = {word: [row for row in rows if word in row.words] for word in question_words(question)}
        together = sum(idf(len(holding), len(rows)) for holding in holders.values() if holding)
        for word, holding in holders.items():
            for row in holding:
                times, length = row.words[word], row.words.total()
                score = (
                    idf(len(holding), len(rows))
                    / together
                    * times
                    * (K1 + 1)
                    / (times + K1 * (1 - B + B * length / mean))
                )
                scores[row.passage.id] = scores.get(row.passage.id, 0.0) + score
        return _best(scores, limit)

    def by_vector(self, vector: NDArray[np.float32], rights: Rights, limit: int) -> list[Scored]:
        rows = self._readable(rights)
        return _best({row.passage.id: float(row.vector @ vector) for row in rows if row.vector is not None}, limit)

    def passages(self, ids: Sequence[int], rights: Rights) -> list[Passage]:
        allowed = {row.passage.id: row.passage for row in self._readable(rights)}
        return [allowed[row] for row in ids if row in allowed]

    def around(self, passage: Passage, rights: Rights, reach: int = 1) -> list[Passage]:
        near = [
            row.passage
            for row in self._readable(rights)
            if passage.id in self._rows
            and row.passage.source == passage.source
            and abs(row.passage.position - passage.position) <= reach
        ]
        return sorted(near, key=lambda other: other.position)

    def holdings(self, rights: Rights) -> Holdings:
        rows = self._readable(rights)
        return Holdings(len(self._allowed(rights)), len(rows), self.model)

    def close(self) -> None:
        pass

    def _allowed(self, rights: Rights) -> set[str]:
        labelled = any(document.labels for document in self._documents.values())
        return {
            source
            for source, document in self._documents.items()
            if readable(document.labels, rights, labelled=labelled)
        }

    def _readable(self, rights: Rights) -> list[_Row]:
        allowed = self._allowed(rights)
        return [row for row in self._rows.values() if row.passage.source in allowed]


def _best(scores: Mapping[int, float], limit: int) -> list[Scored]:
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [Scored(row, score) for row, score in ranked[:limit]]


class FakeEmbedder:
    """Implements `Embedder`: each word points somewhere of its own, a text where its words point together."""

    def __init__(self, dimensions: int = 64, name: str = "fake-1") -> None:
        self.name = name
        self.dimensions = dimensions

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for word in words_of("", text) or [""]:
                seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
                vector += np.random.default_rng(seed).standard_normal(self.dimensions, np.float32)
            vector /= np.linalg.norm(vector)
        return vectors
