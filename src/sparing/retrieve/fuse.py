"""Two rankings into one: a chance from what the words say of a passage and what its vector says.

Signs are a passage's BM25 over the best one's, its cosine, and where that stands between the last and the best that
were fetched, so that models whose cosines are crowded together (E5) fuse like others. How far apart the ranked are is
kept, which reciprocal rank fusion (Cormack et al. 2009) throws away.
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
        cosine: At most the last fetched one's where vectors did not find it; 0 where there are no vectors.
        word_rank, vector_rank: From 1; 0 where this one did not find it.
    """

    id: int
    words: float = 0.0
    vector: float = 0.0
    word_rank: int = 0
    vector_rank: int = 0
    cosine: float = 0.0


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic regression from a passage's signs to the chance that it is one of those asked for.

    Attributes:
        relevance: Of the encoder's logit for the passage; 0 where it was not read.
    """

    bias: float
    words: float
    vector: float = 0.0
    cosine: float = 0.0
    relevance: float = 0.0

    def chance(self, found: Found, relevance: float = 0.0) -> float:
        """0..1, never quite."""
        logit = self.bias + self.words * found.words + self.vector * found.vector + self.cosine * found.cosine
        logit += self.relevance * relevance
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


def fuse(by_words: Sequence[Scored], by_vector: Sequence[Scored]) -> list[Found]:
    """Every row that either found once; no order is meant."""
    top = by_words[0].score if by_words else 0.0
    last = by_vector[-1].score if by_vector else 0.0
    span = by_vector[0].score - last if by_vector else 0.0
    words = {row.id: (rank, row.score / top if top > 0 else 0.0) for rank, row in enumerate(by_words, 1)}
    near = {row.id: (rank, row.score) for rank, row in enumerate(by_vector, 1)}
    found = []
    for row in dict.fromkeys((*words, *near)):
        word_rank, share = words.get(row, (0, 0.0))
        vector_rank, cosine = near.get(row, (0, last))
        between = ((cosine - last) / span if span > 0 else 1.0) if vector_rank else 0.0
        found.append(Found(row, share, between, word_rank, vector_rank, cosine))
    return found
