"""One chance out of what the rules and a model say of a unit: a logistic regression per tier.

Fitted by `sparing.select.training` on validation groups; see the model card.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Fusion:
    """Weights.

    Attributes:
        rules: Of the rules' score over the best of the text.
        unit, passage: Of what the model says of the unit and of its passage.
    """

    bias: float
    rules: float
    unit: float
    passage: float

    def chances(self, rules: Sequence[float], units: Sequence[float], passages: Sequence[float]) -> list[float]:
        """0..1 for each unit that it holds what is needed."""
        b, r, u, p = self.bias, self.rules, self.unit, self.passage
        return [
            max(_LEAST, 1.0 / (1.0 + math.exp(-max(-30.0, b + r * rule + u * unit + p * passage))))
            for rule, unit, passage in zip(rules, units, passages, strict=True)
        ]


STATIC: Final = Fusion(bias=-9.0, rules=8.0, unit=3.0, passage=3.0)
ENCODER: Final = Fusion(bias=-2.0, rules=2.0, unit=1.0, passage=1.0)


def relative(scores: Sequence[float]) -> list[float]:
    """The same with a maximum of 1, or all 0."""
    top = max(scores, default=0.0)
    return [score / top for score in scores] if top > 0 else [0.0] * len(scores)
