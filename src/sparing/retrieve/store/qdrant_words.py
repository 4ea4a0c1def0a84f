"""Words of passages as Qdrant's sparse vectors, and BM25 over what a caller may read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from qdrant_client.models import SparseVector

from sparing.retrieve.store.bm25 import K1, B

_USUAL_WORDS = 100  # of a passage, where its server weighs it: what there is besides must not change what is stored


def number_of(word: str) -> int:
    """What stands for a word, 32 bits. Of 100,000 words about one shares its number with another."""
    return crc32(word.encode())


def sparse(words: Sequence[str]) -> SparseVector:
    """A passage's words, each weighed as in BM25 by how often it is there."""
    counts = Counter(map(number_of, words))
    shade = _shade(len(words), _USUAL_WORDS)
    return SparseVector(indices=list(counts), values=[times * (K1 + 1) / (times + shade) for times in counts.values()])


@dataclass(frozen=True, slots=True)
class Stored:
    """A passage's words as its server has them."""

    words: int
    sparse: SparseVector

    def score(self, weights: Mapping[int, float], mean_words: float) -> float:
        """BM25 of a question.

        Args:
            weights: What each of its words counts, see `number_of`; together 1.
            mean_words: Of all passages that count.
        """
        usual, shade = _shade(self.words, _USUAL_WORDS), _shade(self.words, mean_words)
        values = dict(zip(self.sparse.indices, self.sparse.values, strict=True))
        total = 0.0
        for number, weight in weights.items():
            if number in values:
                times = round(values[number] * usual / (K1 + 1 - values[number]))
                total += weight * times * (K1 + 1) / (times + shade)
        return total


def _shade(words: int, mean_words: float) -> float:
    return K1 * (1 - B + B * words / mean_words)
