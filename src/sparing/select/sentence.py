"""Sentence embeddings by the shipped encoder: far slower than the sums of words in `embedding`, nearer to the meaning.

The lower layers that read question and passage apart, and on them the base's own upper layers: all-MiniLM-L6-v2 in
eight bits (Wang et al. 2020; Reimers & Gurevych 2019), for the price of two more layers in the package. One text at a
time, so that a text's vector is the same whatever is embedded beside it; several threads at once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sparing.errors import SelectorMissing
from sparing.select.installed import Installed, installed
from sparing.select.sessions import Lower, open_session
from sparing.select.wordpiece import WordPiece

MOST_PIECES = 254  # of a longer text the beginning is read: the base was trained on 256 with the marks
_MOST_THREADS = 16  # some 10 MB each

Floats = NDArray[np.float32]


class SentenceEmbedding:
    """Vectors whose dot product says how alike two texts are. Safe to share between threads.

    The vocabulary is English; of other languages it has letters and pieces, and tells less.

    Args:
        sentence: File of the upper layers.
    Attributes:
        name: With the hash of the model's files: vectors of other names cannot be compared with these.
        dimensions: Numbers per vector.
    """

    dimensions = 384

    def __init__(self, lower: Lower, sentence: Path, vocabulary: WordPiece, name: str) -> None:
        self._lower, self._vocabulary = lower, vocabulary
        self._session = open_session(sentence)
        self.name = name

    def embed(self, texts: Sequence[str]) -> Floats:
        """float32 [texts, 384], each of length 1."""
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        pieces = [self._vocabulary.ids(text)[:MOST_PIECES] for text in texts]
        if len(texts) < 2:
            vectors[:] = [self._vector(one) for one in pieces] if texts else 0
            return vectors
        with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
            for row, vector in enumerate(pool.map(self._vector, pieces)):
                vectors[row] = vector
        return vectors

    def _vector(self, pieces: Sequence[int]) -> Floats:
        vector: Floats = self._session.run(["vector"], {"states": self._lower.states(pieces)})[0][0]
        return vector


def load_sentence_embedding(here: Installed) -> SentenceEmbedding:
    """The embedding of these models; takes some tenths of a second.

    Raises:
        SelectorMissing: They are not shipped, were changed, or the extra that runs them is not installed.
    """
    if why := here.missing.get("sentence"):
        raise SelectorMissing(f"there is no sentence embedding: {why}", hint="pip install 'sparing[select]'")
    hashes, paths = here.models.hashes, here.models.paths
    name = f"sparing-minilm-{hashes['lower.onnx'][:6]}{hashes['sentence.onnx'][:6]}"
    return SentenceEmbedding(here.lower, paths["sentence.onnx"], here.vocabulary, name)


@lru_cache
def sentence_embedding() -> SentenceEmbedding:
    """Of this process, loaded the first time.

    Raises:
        SelectorMissing: See `load_sentence_embedding`.
    """
    return load_sentence_embedding(installed())
