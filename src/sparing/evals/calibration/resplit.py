"""Is a promise kept? Calibrate on one half of the texts, measure on the other, a hundred times over."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from sparing.core.calibration import Curve
from sparing.evals.calibration.fitted import curve_of
from sparing.evals.calibration.traces import Trace
from sparing.plan.risk import Asked, threshold


@dataclass(frozen=True, slots=True)
class Promise:
    """What came of one promise over all splits.

    Attributes:
        held: Splits in which the loss measured was at most the risk.
        silent: Of these, splits with too few texts to promise anything, in which nothing was lost.
        loss: Mean of what was measured, 0..1.
        kept: Tokens sent over tokens that came.
    """

    held: int
    silent: int
    loss: float
    kept: float


def promise(
    traces: Sequence[Trace], asked: Sequence[Asked], *, splits: int, by_group: bool = False
) -> tuple[Promise, ...]:
    """How each promise fares.

    Args:
        by_group: Keep what belongs together (an article, a meeting) in one half.
    """
    columns: list[list[tuple[float, float, bool]]] = [[] for _ in asked]
    for seed in range(splits):
        calibrated, coming = halves(traces, seed, by_group=by_group)
        curve = curve_of(calibrated)
        for column, one in zip(columns, asked, strict=True):
            column.append(_measured(curve, one, coming))
    return tuple(_promise(one.risk, column) for one, column in zip(asked, columns, strict=True))


def halves(traces: Sequence[Trace], seed: int, *, by_group: bool) -> tuple[list[Trace], list[Trace]]:
    """Two halves by chance, of texts or of whole groups."""
    rng = random.Random(seed)
    if not by_group:
        order = rng.sample(traces, len(traces))
        return order[: len(order) // 2], order[len(order) // 2 :]
    groups = sorted({one.example.group for one in traces})
    first = set(rng.sample(groups, len(groups) // 2))
    split: tuple[list[Trace], list[Trace]] = ([], [])
    for one in traces:
        split[one.example.group not in first].append(one)
    return split


def _measured(curve: Curve, asked: Asked, coming: Sequence[Trace]) -> tuple[float, float, bool]:
    """Loss and tokens kept at the threshold; of the whole texts where nothing can be promised."""
    level = threshold(curve, asked)
    whole = sum(one.tokens_whole for one in coming)
    at = -1 if level is None else curve.worth.index(level)
    tokens = sum(one.tokens_lossless if level is None else one.tokens[at] for one in coming)
    loss = 0.0 if level is None else fmean(one.losses[at] for one in coming)
    return loss, tokens / whole, level is None


def _promise(risk: float, measured: Sequence[tuple[float, float, bool]]) -> Promise:
    losses, kept, silent = zip(*measured, strict=True)
    held = sum(loss <= risk + 1e-12 for loss in losses)
    return Promise(held, sum(silent), fmean(losses), fmean(kept))
