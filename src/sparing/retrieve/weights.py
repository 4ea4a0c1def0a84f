"""What the signs of a passage weigh, by what made the vectors: fitted, not chosen.

By `python -m sparing.evals.retrieval.fit DATA`; a chance means the same whatever it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass

from sparing.retrieve.embed.choose import MINILM, STATIC, name_of
from sparing.retrieve.fuse import Weights
from sparing.select.installed import installed


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights for what is found in stores of one kind.

    Attributes:
        fused: Of words and vectors.
        judged: Of these and of what the encoder says.
    """

    fused: Weights
    judged: Weights


WORDS = Fitted(Weights(-17.01, words=16.38), Weights(-8.54, words=8.26, relevance=1.03))
OTHER = Fitted(
    Weights(-17.55, words=12.29, vector=5.92),
    Weights(-9.84, words=8.0, vector=1.85, relevance=0.82),
)
_FITTED = {
    STATIC: Fitted(
        Weights(-15.96, words=6.5, cosine=15.17),
        Weights(-9.31, words=7.13, cosine=3.2, relevance=0.91),
    ),
    MINILM: Fitted(
        Weights(-14.14, words=4.86, cosine=16.73),
        Weights(-10.01, words=7.08, cosine=5.19, relevance=0.67),
    ),
}


def fitted_for(model: str, question: str) -> Fitted:
    """Weights for vectors of a model; for one that is not shipped those that do without the cosine's own scale.

    So do those for a question in a language that the shipped ones do not know: their cosines tell little then.

    Args:
        model: As the store remembers it; "" where only words were searched.
    """
    if not model:
        return WORDS
    fitted = _FITTED.get(name_of(model))
    return fitted if fitted is not None and _is_known(question) else OTHER


def _is_known(question: str) -> bool:
    from sparing.select.known import is_known

    return is_known(question, installed().vocabulary)
