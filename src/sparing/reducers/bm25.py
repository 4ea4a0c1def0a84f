"""BM25 over units of any size, from counts of the question's terms alone."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from sparing.reducers.matches import Matches, find_phrases

Counts = dict[int, float]
"""Unit index -> how often (grades added up) one term is in it; units without it are absent."""

_PHRASE = 0.5  # two neighbouring words of the question, in order: on top of the two, half their mean weight


def unit_counts(matches: Sequence[Matches], bounds: Sequence[int]) -> list[Counts]:
    """Counts of each term per unit ``[bounds[i], bounds[i + 1])``; then of each pair of neighbouring terms."""
    counts: list[Counts] = [{} for _ in range(max(0, 2 * len(matches) - 1))]
    for found, count in zip(matches, counts, strict=False):
        for start, grade in zip(found.starts, found.grades, strict=True):
            unit = bisect_right(bounds, start) - 1
            count[unit] = count.get(unit, 0.0) + grade
    for i, offset in find_phrases(matches):
        unit = bisect_right(bounds, offset) - 1
        count = counts[len(matches) + i]
        count[unit] = count.get(unit, 0.0) + 1.0
    return counts


def grouped(counts: Sequence[Counts], groups: Sequence[Sequence[tuple[int, float]]]) -> list[Counts]:
    """The same counts over groups of units.

    Args:
        groups: For each unit the groups that it is in, and the share of it that counts there.
    """
    result: list[Counts] = []
    for count in counts:
        totals: Counts = {}
        for unit, n in count.items():
            for group, share in groups[unit]:
                totals[group] = totals.get(group, 0.0) + n * share
        result.append(totals)
    return result


def term_weights(weights: Sequence[float], *levels: tuple[Sequence[Counts], int]) -> list[float]:
    """Weight of each term and then of each pair: rarity in the language times mean idf over the levels.

    Args:
        levels: (counts, number of units), for example of sentences and of passages.
    """
    full = [
        weight * sum(_idf(len(counts[i]), size) for counts, size in levels) / len(levels) if levels[0][0][i] else 0.0
        for i, weight in enumerate(weights)
    ]
    return full + [_PHRASE * (a + b) / 2 for a, b in zip(full, full[1:], strict=False)]


def bm25(
    counts: Iterable[Counts], weights: Iterable[float], lengths: Sequence[float], k1: float, b: float
) -> list[float]:
    """One score >= 0 per unit (Robertson & Zaragoza 2009, "The probabilistic relevance framework", eq. 3.15).

    Args:
        weights: Of each term; they take the place of idf.
        lengths: Of each unit, in any measure.
    """
    mean = sum(lengths) / len(lengths) if lengths else 1.0
    scores = [0.0] * len(lengths)
    for count, weight in zip(counts, weights, strict=True):
        if not weight:
            continue
        for unit, n in count.items():
            scores[unit] += weight * n * (k1 + 1) / (n + k1 * (1 - b + b * lengths[unit] / (mean or 1.0)))
    return scores


def _idf(found_in: int, size: int) -> float:
    return math.log(1 + (size - found_in + 0.5) / (found_in + 0.5))
