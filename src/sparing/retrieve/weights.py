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


WORDS = Fitted(Weights(-17.01, words=16.38), Weights(-9.71, words=9.31, relevance=0.92))
OTHER = Fitted(
    Weights(-17.55, words=12.29, vector=5.92),
    Weights(-10.86, words=8.34, vector=2.47, relevance=0.69),
)
_FITTED = {
    STATIC: Fitted(
        Weights(-15.96, words=6.5, cosine=15.17),
        Weights(-10.66, words=7.35, cosine=4.9, relevance=0.76),
    ),
    MINILM: Fitted(
        Weights(-14.14, words=4.86, cosine=16.73),
        Weights(-10.69, words=7.19, cosine=6.07, relevance=0.56),
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
