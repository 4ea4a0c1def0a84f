"""Vectors in eight bits, and the exact scan over those that a caller may see."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparing.core.store import Scored

_DOCUMENTS_AT_ONCE = 1024
_AT_ONCE = 1024  # rows turned to float32 at a time: they stay in the processor's cache
_ROUNDING = 1e-5  # more than sums of a few thousand float32 products of vectors of length 1 are off by

Floats = NDArray[np.float32]


def quantise(vectors: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Codes int8 [n, d] and scales float32 [n]: codes * scale has length 1 and points within half a step of the vector.

    A vector without length, or with numbers that are none, is like nothing: its scale is 0.
    """
    usable = np.isfinite(vectors).all(axis=1, keepdims=True)
    vectors = np.where(usable, vectors, 0).astype(np.float32)
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=0)
    codes = np.rint(vectors * (127 / np.where(largest > 0, largest, 1))).astype(np.int8)
    lengths = np.linalg.norm(codes.astype(np.float32), axis=1)
    return codes, np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)


@dataclass(frozen=True, slots=True)
class Vectors:
    """The vectors of many passages.

    Attributes:
        rows: int64 [n], ascending: the passage of each.
        sets: int32 [n]: its label set.
        codes: int8 [n, d].
        scales: float32 [n].
    """

    rows: NDArray[np.int64]
    sets: NDArray[np.int32]
    codes: NDArray[np.int8]
    scales: Floats

    @classmethod
    def none(cls, dimensions: int) -> Vectors:
        """None yet, of so many dimensions."""
        empty = np.empty
        return cls(empty(0, np.int64), empty(0, np.int32), empty((0, dimensions), np.int8), empty(0, np.float32))

    def __add__(self, more: Vectors) -> Vectors:
        if not len(self.rows):
            return more
        return Vectors(
            np.concatenate([self.rows, more.rows]),
            np.concatenate([self.sets, more.sets]),
            np.concatenate([self.codes, more.codes]),
            np.concatenate([self.scales, more.scales]),
        )

    def take(self, kept: NDArray[np.bool_]) -> Vectors:
        """Only these."""
        return Vectors(self.rows[kept], self.sets[kept], self.codes[kept], self.scales[kept])

    def nearest(self, vector: Floats, sets: Collection[int], limit: int) -> list[Scored]:
        """The nearest by cosine among those of these label sets, nearest first, equals by row; each is compared."""
        allowed = self._of(sets)
        if not len(allowed) or limit < 1:
            return []
        vector = vector.astype(np.float32) / (float(np.linalg.norm(vector)) or 1.0)
        if len(allowed) > limit:
            rough = self._dots(vector, allowed) * self.scales[allowed]
            least = np.partition(rough, len(rough) - limit)[len(rough) - limit]
            allowed = allowed[rough >= least - _ROUNDING]
        # Sums in float32 depend on what stands beside a row; these do not.
        cosines = (self.codes[allowed] * vector.astype(np.float64)).sum(axis=1) * self.scales[allowed]
        order = np.lexsort((allowed, -cosines))[:limit]
        return [Scored(int(self.rows[allowed[i]]), float(cosines[i])) for i in order]

    def _of(self, sets: Collection[int]) -> NDArray[np.intp]:
        known = int(self.sets.max(initial=0)) + 1
        wanted = np.zeros(known, np.bool_)
        wanted[[one for one in sets if one < known]] = True
        return np.flatnonzero(wanted[self.sets])

    def _dots(self, vector: Floats, which: NDArray[np.intp]) -> Floats:
        dots = np.empty(len(which), np.float32)
        whole = len(which) == len(self.rows)
        floats = np.empty((_AT_ONCE, self.codes.shape[1]), np.float32)
        for start in range(0, len(which), _AT_ONCE):
            end = min(start + _AT_ONCE, len(which))
            block = floats[: end - start]
            np.copyto(block, self.codes[start:end] if whole else self.codes[which[start:end]])
            np.dot(block, vector, out=dots[start:end])
        return dots


def read(documents: sqlite3.Cursor, num: int, dimensions: int) -> Vectors:
    """Vectors as a store keeps them, a document each: first row, rows, label set, codes, scales.

    Args:
        documents: In the order of their rows.
        num: Rows of all of them.
    """
    rows, sets = np.empty(num, np.int64), np.empty(num, np.int32)
    codes, scales = np.empty((num, dimensions), np.int8), np.empty(num, np.float32)
    start = 0
    while batch := documents.fetchmany(_DOCUMENTS_AT_ONCE):
        counts = np.array([document[1] for document in batch], np.int64)
        offsets = np.cumsum(counts)
        end = start + int(offsets[-1])
        first = np.array([document[0] for document in batch], np.int64)
        rows[start:end] = np.arange(end - start) + np.repeat(first - (offsets - counts), counts)
        sets[start:end] = np.repeat(np.array([document[2] for document in batch], np.int32), counts)
        codes[start:end] = np.frombuffer(b"".join([document[3] for document in batch]), np.int8).reshape(-1, dimensions)
        scales[start:end] = np.frombuffer(b"".join([document[4] for document in batch]), "<f4")
        start = end
    return Vectors(rows, sets, codes, scales)


def alive(vectors: Vectors, documents: Sequence[tuple[int, int]]) -> Vectors:
    """Those of documents that are still there.

    Args:
        documents: First row, rows of each.
    """
    first = np.array([document for document, _ in documents], np.int64)
    ends = first + np.array([num for _, num in documents], np.int64)
    order = np.argsort(first)
    at = np.searchsorted(first[order], vectors.rows, side="right") - 1
    return vectors.take((at >= 0) & (vectors.rows < np.append(ends[order], 0)[at]))
