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


WORDS = Fitted(Weights(-12.63, words=7.02, room=5.38), Weights(-7.59, words=4.41, room=3.38, relevance=0.63))
OTHER = Fitted(
    Weights(-14.07, words=7.21, vector=2.28, room=5.83),
    Weights(-8.87, words=4.44, vector=1.4, room=3.59, relevance=0.53),
)
_FITTED = {
    STATIC: Fitted(
        Weights(-11.93, words=5.5, near=40.44, nearest=8.69, room=1.47),
        Weights(-3.94, words=3.03, near=22.29, room=0.81, relevance=0.64),
    ),
    MINILM: Fitted(
        Weights(-12.9, words=3.92, near=41.45, nearest=11.41, room=3.12),
        Weights(-7.06, words=2.64, near=27.93, nearest=4.3, room=2.1, relevance=0.4),
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
