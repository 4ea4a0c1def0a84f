"""Sentence embeddings by the shipped word vectors, for a store that looks for what is alike in meaning.

A text's embedding depends on the text alone, not on what is embedded beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sparing.core.deadline import Deadline
from sparing.errors import SelectorMissing
from sparing.select.installed import Installed, installed
from sparing.select.static import StaticEmbeddings

Floats = NDArray[np.float32]
_TINY = 1e-9


class Embedding:
    """Vectors whose dot product says how alike two texts are. Safe to share between threads.

    Attributes:
        name: With the hash of the model's file: vectors of other names cannot be compared with these.
        dimensions: Numbers per vector.
    """

    def __init__(self, model: StaticEmbeddings, name: str) -> None:
        self._model = model
        self.name = name
        self.dimensions = model.dimensions

    def embed(self, texts: Sequence[str]) -> Floats:
        """float32 [texts, dimensions], each of length 1; zeros for a text without words."""
        vectors = self._model.sums([self._model.pieces.ids(text) for text in texts], Deadline())
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, _TINY), np.float32)


def load_embedding(here: Installed) -> Embedding:
    """The embedding of these models; takes some tenths of a second.

    Raises:
        SelectorMissing: They are not shipped, were changed, or the extra that runs them is not installed.
    """
    if why := here.missing.get("static"):
        raise SelectorMissing(f"there is no sentence embedding: {why}", hint="pip install 'sparing[select]'")
    return Embedding(here.static, f"sparing-static-{here.models.hashes['static.npz'][:12]}")


@lru_cache
def embedding() -> Embedding:
    """Of this process, loaded the first time.

    Raises:
        SelectorMissing: See `load_embedding`.
    """
    return load_embedding(installed())
