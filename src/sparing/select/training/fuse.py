"""Weights that make one chance of a unit out of what the rules and a model say, fitted on validation groups.

First the direction: the softmax over a group's units should fall on those that answer, since units are chosen by rank.
Then the scale and the bias, so that the logistic of the sum is a probability. The file it fits from, ``features.npz``,
may come from anywhere: `x` [units, features], `y` [units], `group` [units].
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

Floats = npt.NDArray[np.float32]
_DECAY = 1e-3


def fit_fusion(x: Floats, y: Floats, group: npt.NDArray[np.int64]) -> list[float]:
    """Bias and weights [1 + features]; every group counts the same, however many units it has.

    Args:
        x: [units, features].
        y: [units]: 1 where the unit answers.
        group: [units]: which question it is asked for; 0 and up.
    """
    features, gold = torch.from_numpy(x), torch.from_numpy(y)
    member = torch.from_numpy(group)
    spread = features.std(0).clamp_min(1e-6)
    scaled = features / spread
    num_groups = int(member.max()) + 1

    def listwise(direction: Tensor) -> Tensor:
        scores = scaled @ direction
        shifted = (scores - scores.max()).exp()
        everything = torch.zeros(num_groups).index_add(0, member, shifted)
        right = torch.zeros(num_groups).index_add(0, member, shifted * gold)
        held = right > 0
        return -(right[held] / everything[held]).log().mean() + _DECAY * direction.square().sum()

    direction = _minimise(listwise, features.shape[1])
    scores = scaled @ direction
    weights = 1.0 / torch.bincount(member)[member]

    def likelihood(line: Tensor) -> Tensor:
        logits = line[0] + line[1] * scores
        return functional.binary_cross_entropy_with_logits(logits, gold, weights, reduction="sum") / weights.sum()

    bias, scale = _minimise(likelihood, 2)
    return [float(bias), *(scale * direction / spread).tolist()]


def fit_file(path: Path) -> list[float]:
    """The same from a ``features.npz``."""
    with np.load(path) as arrays:
        return fit_fusion(arrays["x"].astype(np.float32), arrays["y"].astype(np.float32), arrays["group"])


def _minimise(objective: Callable[[Tensor], Tensor], size: int) -> Tensor:
    parameters = torch.full((size,), 0.5, requires_grad=True)
    optimizer = torch.optim.LBFGS([parameters], max_iter=300, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = objective(parameters)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return parameters.detach()
