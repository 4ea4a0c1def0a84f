"""Fits the weights: logistic regression over marks, the best of which are kept and fitted again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sparing.plan.anticipate.classifier import Weights
from sparing.plan.anticipate.marks import marks_of
from sparing.plan.anticipate.nature import INTENTS
from sparing.plan.anticipate.training.examples import Example

KEPT_MARKS = 3_000
_LEAST_SEEN = 5  # turns that have a mark
_LARGEST = 2047
_QUANTILES = 41
_EPOCHS, _BATCH, _RATE, _DECAY = 12, 256, 0.02, 3e-4


def fit(
    examples: Sequence[Example], provenance: Mapping[str, str] = {}, seed: int = 0, kept: int = KEPT_MARKS
) -> Weights:
    """Weights fitted on these turns; the same for the same turns and seed on one machine."""
    marks = [sorted(set(marks_of(one.turn))) for one in examples]
    seen = Counter(mark for some in marks for mark in some)
    names = sorted(mark for mark, num in seen.items() if num >= _LEAST_SEEN)
    weights, _ = _regress(examples, marks, names, seed)
    worth = np.abs(weights).sum(1) * np.sqrt([seen[name] for name in names])
    names = sorted(names[at] for at in np.argsort(-worth, kind="stable")[:kept])
    weights, bias = _regress(examples, marks, names, seed)
    scale = _LARGEST / float(np.abs(weights).max())
    rows = np.rint(weights * scale).astype(int)
    hard = dict(zip(names, weights[:, -1], strict=True))
    sums = np.array([bias[-1] + sum(hard.get(mark, 0.0) for mark in some) for some in marks])
    order = np.argsort(sums, kind="stable")
    share = np.cumsum(_balance(examples)[order])
    picks = np.searchsorted(share, np.linspace(0, 1, _QUANTILES) * share[-1]).clip(0, len(order) - 1)
    quantiles = sorted({round(float(sums[order[at]]), 4) for at in picks})
    return Weights(
        {name: tuple(map(int, row)) for name, row in zip(names, rows, strict=True)},
        tuple(round(float(value), 5) for value in bias),
        round(scale, 5),
        tuple(quantiles),
        dict(provenance),
    )


def _regress(
    examples: Sequence[Example], marks: Sequence[Sequence[str]], names: Sequence[str], seed: int
) -> tuple[Any, Any]:
    """Weights [marks, kinds + 1] and bias [kinds + 1], by Adam on the balanced log loss."""
    rng = np.random.default_rng(seed)
    index = {name: at for at, name in enumerate(names)}
    places = [np.array([index[mark] for mark in some if mark in index] or [len(names)], dtype=int) for some in marks]
    intents = np.array([INTENTS.index(one.intent) for one in examples])
    hard = np.array([np.nan if one.hardness is None else one.hardness for one in examples])
    balance = _balance(examples)
    num = len(INTENTS)
    weights, bias = np.zeros((len(names) + 1, num + 1)), np.zeros(num + 1)  # the last row: of no mark at all
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    b_first, b_second, step = np.zeros_like(bias), np.zeros_like(bias), 0
    for epoch in range(_EPOCHS):
        rate = _RATE * (1 - epoch / _EPOCHS)
        for batch in np.array_split(rng.permutation(len(examples)), max(1, len(examples) // _BATCH)):
            some = [places[at] for at in batch]
            flat, sizes = np.concatenate(some), np.array([len(one) for one in some])
            sums = np.add.reduceat(weights[flat], np.cumsum(sizes) - sizes) + bias
            scores = np.exp(sums[:, :num] - sums[:, :num].max(1, keepdims=True))
            off = scores / scores.sum(1, keepdims=True)
            off[np.arange(len(batch)), intents[batch]] -= 1
            told = ~np.isnan(hard[batch])
            off_hard = np.where(told, 1 / (1 + np.exp(-sums[:, num])) - np.nan_to_num(hard[batch]), 0.0)
            slope = np.column_stack([off, off_hard]) * balance[batch, None] / balance[batch].mean()
            gradient = _DECAY * len(batch) * weights / 50
            np.add.at(gradient, flat, np.repeat(slope, sizes, axis=0))
            step += 1
            for value, grad, m, v in ((weights, gradient, first, second), (bias, slope.sum(0), b_first, b_second)):
                grad = grad / len(batch)
                m += 0.1 * (grad - m)
                v += 0.001 * (grad * grad - v)
                value -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
            weights[-1] = 0.0
    return weights[:-1], bias


def _balance(examples: Sequence[Example]) -> Any:
    """What each turn counts, so that kinds count alike, and within a kind a set by the root of its size."""
    of_both = Counter((one.intent, one.source) for one in examples)
    of_kind: dict[str, float] = {}
    for (intent, _), num in of_both.items():
        of_kind[intent] = of_kind.get(intent, 0.0) + num**0.5
    each = [of_both[one.intent, one.source] for one in examples]
    return np.array([num**0.5 / of_kind[one.intent] / num for one, num in zip(examples, each, strict=True)])
