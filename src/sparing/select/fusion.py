"""One chance out of what the rules and a model say of a unit: a logistic regression per tier.

The weights are fitted with the models, on validation groups, and shipped beside them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from sparing.errors import SelectorDamaged

_LEAST_LOGIT, _MOST_LOGIT = -12.0, 30.0


class Fusion(msgspec.Struct, frozen=True, array_like=True):
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
            1.0 / (1.0 + math.exp(-min(_MOST_LOGIT, max(_LEAST_LOGIT, b + r * rule + u * unit + p * passage))))
            for rule, unit, passage in zip(rules, units, passages, strict=True)
        ]


Fusions = Mapping[str, Fusion]
"""Tier -> weights."""


def load_fusions(path: Path) -> Fusions:
    """Read ``fusion.json``.

    Raises:
        SelectorDamaged: It is not of this form.
    """
    try:
        kinds = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, Fusion]])
        return {tier: of_kind["prose"] for tier, of_kind in kinds.items()}
    except (msgspec.MsgspecError, KeyError) as error:
        raise SelectorDamaged(f"{path} cannot be read: {error}", hint="reinstall Sparing") from error


def relative(scores: Sequence[float]) -> list[float]:
    """The same with a maximum of 1, or all 0."""
    top = max(scores, default=0.0)
    return [score / top for score in scores] if top > 0 else [0.0] * len(scores)
