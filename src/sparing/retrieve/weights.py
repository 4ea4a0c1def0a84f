"""What the signs of a passage weigh, by what made the vectors: fitted, not chosen.

By `python -m sparing.evals.retrieval.fit DATA` on validation groups.
"""

from __future__ import annotations

from dataclasses import dataclass

from sparing.retrieve.embed.choose import MINILM, STATIC, name_of
from sparing.retrieve.fuse import Weights


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights for what is found in stores of one kind.

    Attributes:
        fused: Of words and vectors.
        judged: Of these and of what the encoder says.
    """

    fused: Weights
    judged: Weights


WORDS = Fitted(Weights(-17.03, words=16.4), Weights(-8.36, words=8.08, relevance=1.03))
OTHER = Fitted(
    Weights(-16.72, words=10.84, vector=6.42),
    Weights(-9.39, words=7.67, vector=1.65, relevance=0.89),
)
_FITTED = {
    STATIC: Fitted(
        Weights(-16.46, words=8.35, cosine=13.2),
        Weights(-9.21, words=7.04, cosine=3.16, relevance=0.92),
    ),
    MINILM: Fitted(
        Weights(-15.33, words=8.02, cosine=13.63),
        Weights(-9.91, words=7.16, cosine=4.85, relevance=0.68),
    ),
}


def fitted_for(model: str) -> Fitted:
    """Weights for vectors of a model; for one that is not shipped those that do without the cosine's own scale.

    Args:
        model: As the store remembers it; "" where only words were searched.
    """
    return _FITTED.get(name_of(model), OTHER) if model else WORDS
