"""A turn's kind and how hard it is: a sum of weights over its marks, for every kind at once.

The weights of a mark stand side by side in one large integer, so that a turn costs one addition a mark, whatever the
number of kinds. Softmax over the sums; fitted by `training`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from math import exp
from typing import Final

import msgspec

from sparing.plan.anticipate.marks import Seen, Turn, marks_in, seen_of
from sparing.plan.anticipate.nature import INTENTS, Nature

_LANE_BITS: Final = 24  # of one kind's sum: 4,096 marks of 12 bits fit
_MIDDLE: Final = 2048  # stands for a weight of 0
_REMEMBERED: Final = 4_096  # turns; an agent asks about the same one again and again
_MASK: Final = (1 << _LANE_BITS) - 1


class Weights(msgspec.Struct, frozen=True):
    """What was fitted.

    Attributes:
        marks: Mark to its weights: of each intent in the order of `INTENTS`, then of complexity; each above -2,048 and
            below 2,048, in units of 1 / `scale`.
        bias: Likewise, of a turn without any mark that is known.
        quantiles: Sums of complexity that equal shares of the turns lie below, rising.
        provenance: Data, licences, command.
    """

    marks: Mapping[str, tuple[int, ...]]
    bias: tuple[float, ...]
    scale: float
    quantiles: tuple[float, ...]
    provenance: Mapping[str, str]


class Classifier:
    """Tells turns apart."""

    def __init__(self, weights: Weights) -> None:
        self._packed = {mark: _packed(row) for mark, row in weights.marks.items()}
        self._bias = weights.bias
        self._scale = weights.scale
        self._quantiles = weights.quantiles
        self._told = lru_cache(_REMEMBERED)(self._tell)

    def nature(self, turn: Turn) -> Nature:
        """What a turn is taken for."""
        return self._told(seen_of(turn))

    def _tell(self, seen: Seen) -> Nature:
        known = list(filter(None, map(self._packed.get, marks_in(seen))))  # no packed row is 0
        whole, taken = sum(known), len(known) * _MIDDLE
        sums = []
        for bias in self._bias:
            sums.append(bias + ((whole & _MASK) - taken) / self._scale)
            whole >>= _LANE_BITS
        *scores, complexity = sums
        best = max(scores)
        chance = 1.0 / sum([exp(score - best) for score in scores])
        return Nature(INTENTS[scores.index(best)], chance, self._share_below(complexity))

    def _share_below(self, complexity: float) -> float:
        at, quantiles = bisect_right(self._quantiles, complexity), self._quantiles
        if not 0 < at < len(quantiles):
            return float(at > 0)
        low, high = quantiles[at - 1], quantiles[at]
        return (at - 1 + (complexity - low) / (high - low)) / (len(quantiles) - 1)


@lru_cache(maxsize=1)
def shipped() -> Classifier:
    """The one that comes with Sparing; read when it is first asked for."""
    raw = files("sparing.plan.anticipate").joinpath("fitted", "anticipate.json").read_bytes()
    return Classifier(msgspec.json.decode(raw, type=Weights))


def _packed(row: Sequence[int]) -> int:
    return sum((weight + _MIDDLE) << (_LANE_BITS * lane) for lane, weight in enumerate(row))
