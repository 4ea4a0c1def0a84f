"""Static embeddings: a vector per word piece, looked up and added; what reads alike points alike.

After model2vec (Tulkens & van Dongen 2024, "Model2Vec: fast state-of-the-art static embeddings"): the mean of the
vectors of a text's pieces stands in for what an encoder would make of the text. A piece weighs as its vector is long.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sparing.core.deadline import Deadline
from sparing.select.fusion import Fusion
from sparing.select.material import Material
from sparing.select.wordpiece import WordPiece

_CHUNK_PIECES = 16_384  # at a time: 16 MB of vectors of 256 numbers
_TINY = 1e-9

Floats = NDArray[np.float32]


class StaticEmbeddings:
    """Vectors of a vocabulary. Safe to share between threads.

    Args:
        vectors: int8 [pieces, dimensions].
        scales: float [pieces]: what a row is multiplied by.
    """

    def __init__(self, vectors: NDArray[np.int8], scales: Floats, pieces: WordPiece) -> None:
        self._vectors = vectors
        self._scales = scales.astype(np.float32)
        self.pieces = pieces

    @classmethod
    def load(cls, path: Path, pieces: WordPiece) -> StaticEmbeddings:
        """Read an ``.npz`` file with `vectors` and `scales`."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(arrays["vectors"], arrays["scales"], pieces)

    @property
    def dimensions(self) -> int:
        return int(self._vectors.shape[1])

    def sums(self, units: Sequence[Sequence[int]], deadline: Deadline) -> Floats:
        """The vectors of each unit's pieces added up: float32 [units, dimensions]; zeros for a unit without pieces."""
        sums = np.zeros((len(units), self._vectors.shape[1]), np.float32)
        first = 0
        while first < len(units):
            last, size = first, 0
            while last < len(units) and (last == first or size + len(units[last]) <= _CHUNK_PIECES):
                size += len(units[last])
                last += 1
            self._add(sums, units, first, last)
            deadline.check()
            first = last
        return sums

    def _add(self, sums: Floats, units: Sequence[Sequence[int]], first: int, last: int) -> None:
        ids = np.fromiter(chain.from_iterable(units[first:last]), np.int32)
        rows, scales = self._vectors.take(ids, axis=0).astype(np.float32), self._scales.take(ids)
        start = 0
        for unit in range(first, last):  # four times faster than `np.add.reduceat`, which adds row by row
            end = start + len(units[unit])
            np.dot(scales[start:end], rows[start:end], out=sums[unit])
            start = end


def static_chances(model: StaticEmbeddings, fusion: Fusion, material: Material, deadline: Deadline) -> list[float]:
    """Chance of each unit by its cosine with the question and its passage's, and by the rules.

    Raises:
        DeadlineExceeded: The time was up first.
    """
    question = model.sums([material.question], deadline)[0]
    sums = model.sums(material.units, deadline)
    passages = np.add.reduceat(sums, [window.first for window in material.windows], axis=0)
    of_passages = np.repeat(_cosines(passages, question), [window.end - window.first for window in material.windows])
    return fusion.chances(material.rules, _cosines(sums, question).tolist(), of_passages.tolist())


def _cosines(sums: Floats, question: Floats) -> Floats:
    """Of each row with the question, 0 where one of them has no length."""
    lengths = np.linalg.norm(sums, axis=1) * np.linalg.norm(question)
    return np.asarray(sums @ question / np.maximum(lengths, _TINY), np.float32)
