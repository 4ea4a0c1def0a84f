"""Two rankings into one: what the words found and what the vectors found, as shares of the best.

A passage's word score is its BM25 over the best one's; its vector score is where its cosine stands between the last
and the best that were fetched, so that models whose cosines are crowded together (E5) fuse like others. How far apart
the ranked are is kept, which reciprocal rank fusion (Cormack et al. 2009) throws away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sparing.core.store import Scored


@dataclass(frozen=True, slots=True)
class Found:
    """A row that words or vectors found.

    Attributes:
        words, vector: Shares of the best, 0..1; 0 where this one did not find it.
        word_rank, vector_rank: From 1; 0 where this one did not find it.
    """

    id: int
    words: float = 0.0
    vector: float = 0.0
    word_rank: int = 0
    vector_rank: int = 0


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic regression from a passage's signs to the chance that it is one of those asked for.

    Attributes:
        relevance: Of the encoder's logit for the passage; 0 where it was not read.
    """

    bias: float
    words: float
    vector: float
    relevance: float = 0.0

    def chance(self, found: Found, relevance: float = 0.0) -> float:
        """0..1, never quite."""
        logit = self.bias + self.words * found.words + self.vector * found.vector + self.relevance * relevance
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


def fuse(by_words: Sequence[Scored], by_vector: Sequence[Scored]) -> list[Found]:
    """Every row that either found once; no order is meant."""
    top = by_words[0].score if by_words else 0.0
    words = {row.id: (rank, row.score / top if top > 0 else 0.0) for rank, row in enumerate(by_words, 1)}
    near = {
        row.id: (rank, share) for rank, (row, share) in enumerate(zip(by_vector, _spread(by_vector), strict=True), 1)
    }
    return [
        Found(row, words.get(row, _NOT)[1], near.get(row, _NOT)[1], words.get(row, _NOT)[0], near.get(row, _NOT)[0])
        for row in dict.fromkeys((*words, *near))
    ]


_NOT = (0, 0.0)


def _spread(ranked: Sequence[Scored]) -> list[float]:
    """Scores between the last (0) and the best (1); all 1 where they are equal."""
    if not ranked:
        return []
    best, last = ranked[0].score, ranked[-1].score
    return [(row.score - last) / (best - last) if best > last else 1.0 for row in ranked]
