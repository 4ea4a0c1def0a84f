"""Isotonic regression by pooling adjacent violators (Ayer et al. 1955; Zadrozny & Elkan 2002, for calibration)."""

from __future__ import annotations

from collections.abc import Sequence


def never_rising(values: Sequence[float], weights: Sequence[float] | None = None) -> list[float]:
    """The sequence without a rise that is nearest to `values` in weighted squares. O(n)."""
    blocks: list[tuple[float, float, int]] = []  # mean, weight, length
    for value, weight in zip(values, weights or [1.0] * len(values), strict=True):
        mean, mass, length = value, weight, 1
        while blocks and blocks[-1][0] < mean:
            before, of_before, long = blocks.pop()
            mean = (mean * mass + before * of_before) / (mass + of_before)
            mass, length = mass + of_before, length + long
        blocks.append((mean, mass, length))
    return [mean for mean, _, length in blocks for _ in range(length)]
