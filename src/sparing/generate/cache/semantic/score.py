"""How sure a lookup looks, by what earlier ones taught: similarity, and the crowd around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from typing import TypeAlias

from sparing.generate.cache.semantic.evidence import Evidence

Label: TypeAlias = tuple[Evidence, bool]  # and whether the kept answer would have done, or none would have been given

FEWEST = 200  # lessons; with fewer the crowd counts for nothing
_ROUNDS = 12
_RIDGE = (0.1, 0.1, 3.0)  # of the last: few lessons are no reason to trust a crowd
_REACH = 1.05  # distances are taken from a little beyond 1, so that equal wording is not infinitely sure


@dataclass(frozen=True, slots=True)
class Score:
    """A similarity, with the distance that is left shortened by the crowd.

    Where many have asked nearly the same, the next one means the same more often than one who is as near to a question
    in an empty place.

    Attributes:
        crowd: The distance is divided by (1 + other questions that are alike) to the power of this.
    """

    crowd: float = 0.0

    def of(self, evidence: Evidence) -> float:
        """Higher is surer; the similarity itself where no other question is alike."""
        if evidence.similarity < 0:
            return -math.inf
        return _REACH - (_REACH - evidence.similarity) / math.pow(1 + evidence.num_alike, self.crowd)


def learned(lessons: Sequence[Label]) -> Score:
    """What tells right from wrong best: logistic regression of the two logarithms, with a ridge (Newton's method).

    Args:
        lessons: Labels that no certificate is made of, or it would be of what was learned by heart.
    """
    some = [(evidence, right) for evidence, right in lessons if evidence.similarity >= 0]
    if len(some) < FEWEST:
        return Score()
    rows = [(1.0, -math.log(_REACH - one.similarity), math.log1p(one.num_alike)) for one, _ in some]
    weights = [0.0, 0.0, 0.0]
    for _ in range(_ROUNDS):
        slope = [-ridge * weight for ridge, weight in zip(_RIDGE, weights, strict=True)]
        bend = [[ridge * (at == column) for column in range(3)] for at, ridge in enumerate(_RIDGE)]
        for row, (_, right) in zip(rows, some, strict=True):
            chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, sum(map(mul, weights, row))))))
            sure = chance * (1 - chance)
            for at, value in enumerate(row):
                slope[at] += (right - chance) * value
                for other, beside in enumerate(row):
                    bend[at][other] += sure * value * beside
        weights = [weight + step for weight, step in zip(weights, _solved(bend, slope), strict=True)]
    _, similarity, crowd = weights
    return Score(min(1.0, max(0.0, crowd / similarity))) if similarity > 0 else Score()


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """x with matrix x = right, for a positive definite matrix (Gauss; it needs no pivots)."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for at, row in enumerate(rows):
        for other in rows[at + 1 :]:
            share = other[at] / row[at]
            other[:] = [value - share * above for value, above in zip(other, row, strict=True)]
    found = [0.0] * len(rows)
    for at in reversed(range(len(rows))):
        rest = sum(map(mul, rows[at][at + 1 : -1], found[at + 1 :]))
        found[at] = (rows[at][-1] - rest) / rows[at][at]
    return found
