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


WORDS = Fitted(Weights(-12.63, words=7.02, room=5.38), Weights(-8.13, words=4.72, room=3.62, relevance=0.54))
OTHER = Fitted(
    Weights(-14.07, words=7.21, vector=2.28, room=5.83),
    Weights(-9.29, words=4.65, vector=1.47, room=3.76, relevance=0.45),
)
_FITTED = {
    STATIC: Fitted(
        Weights(-11.93, words=5.5, near=40.44, nearest=8.69, room=1.47),
        Weights(-4.25, words=3.33, near=24.51, room=0.89, relevance=0.54),
    ),
    MINILM: Fitted(
        Weights(-12.9, words=3.92, near=41.45, nearest=11.41, room=3.12),
        Weights(-7.53, words=2.68, near=28.35, nearest=4.93, room=2.13, relevance=0.35),
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
