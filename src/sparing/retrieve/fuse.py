"""Two rankings into one: a chance from what the words say of a passage, what its vector says, and how much it says.

How far apart the ranked are is kept, which reciprocal rank fusion (Cormack et al. 2009) throws away, and so is how
decided each ranking is: words count by the share of the question that they are, cosines by how far those that were
fetched lie apart. Of models whose cosines are on a scale that nobody looked at (E5's are crowded together) the sign is
where one stands between the last and the best that were fetched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sparing.core.passage import Passage
from sparing.core.store import Scored

_SHORT_CHARS = 30


@dataclass(frozen=True, slots=True)
class Found:
    """A row that words or vectors found.

    Attributes:
        words: What the store scored it by words; 0 where they did not find it.
        vector: 0..1 between the last and the best cosine that were fetched; 0 where vectors did not find it.
        near: How much its cosine falls short of the best one, times how far that lies above the last: where all are
            about as near, it says little. At most 0; one that vectors did not find counts as the last.
        nearest: The best cosine; the same for all that one question found.
        room: 0..1, nearly 1 but for passages so short that they can hardly say anything; 0 while that is not known.
        word_rank, vector_rank: From 1; 0 where this one did not find it.
    """

    id: int
    words: float = 0.0
    vector: float = 0.0
    near: float = 0.0
    nearest: float = 0.0
    room: float = 0.0
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
    vector: float = 0.0
    near: float = 0.0
    nearest: float = 0.0
    room: float = 0.0
    relevance: float = 0.0

    def chance(self, found: Found, relevance: float = 0.0) -> float:
        """0..1, never quite."""
        logit = self.bias + self.words * found.words + self.vector * found.vector + self.near * found.near
        logit += self.nearest * found.nearest + self.room * found.room + self.relevance * relevance
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


def fuse(by_words: Sequence[Scored], by_vector: Sequence[Scored]) -> list[Found]:
    """Every row that either found once; no order is meant."""
    last = by_vector[-1].score if by_vector else 0.0
    best = by_vector[0].score if by_vector else 0.0
    span = best - last
    words = {row.id: (rank, row.score) for rank, row in enumerate(by_words, 1)}
    cosines = {row.id: (rank, row.score) for rank, row in enumerate(by_vector, 1)}
    found = []
    for row in dict.fromkeys((*words, *cosines)):
        word_rank, score = words.get(row, (0, 0.0))
        vector_rank, cosine = cosines.get(row, (0, last))
        between = ((cosine - last) / span if span > 0 else 1.0) if vector_rank else 0.0
        near = (cosine - best) * span
        found.append(Found(row, score, between, near, best, word_rank=word_rank, vector_rank=vector_rank))
    return found


def measured(found: Found, passage: Passage) -> Found:
    """With what there is room for in its text."""
    num_chars = len(passage.text)
    return replace(found, room=num_chars / (num_chars + _SHORT_CHARS))
