"""A linear model that was fitted elsewhere: standardised features, weights, and where its file says it is from."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from math import exp

import msgspec

_EXTREME = 4.0  # standard deviations; what lies further out says no more


class Linear(msgspec.Struct, frozen=True):
    """Weights over named features.

    Attributes:
        names: Of the features, in order.
        mean, scale: Of each feature where it was fitted.
        quantiles: Scores that 0, 5, ... 100 % of what it was fitted on lie below.
        provenance: Data, licence, command, measured quality.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    quantiles: tuple[float, ...]
    provenance: dict[str, str]

    def score(self, values: Sequence[float]) -> float:
        """The weighted sum of the features, standardised."""
        rows = zip(values, self.mean, self.scale, self.weights, strict=True)
        return self.bias + sum(weight * standard(value, mean, scale) for value, mean, scale, weight in rows)

    def chance(self, values: Sequence[float]) -> float:
        """The score of a logistic model as a probability."""
        return 1 / (1 + exp(-max(-30.0, min(30.0, self.score(values)))))


def standard(value: float, mean: float, scale: float) -> float:
    """A feature in standard deviations from its mean, within `_EXTREME`."""
    return max(-_EXTREME, min(_EXTREME, (value - mean) / scale))


def shipped(name: str) -> Linear:
    """Weights that come with Sparing."""
    raw = files("sparing.generate").joinpath("fitted", f"{name}.json").read_bytes()
    return msgspec.json.decode(raw, type=Linear)
