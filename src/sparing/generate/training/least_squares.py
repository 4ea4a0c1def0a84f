"""Ridge regression from sums, so that leaving a group out costs one small solve. Plain Python: some 50 features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sums:
    """Of one group of rows: products of features, and of features and target, each about the group's own mean.

    Taking the means out keeps what tells groups apart from being learned: with few groups it does not carry over.
    """

    products: tuple[tuple[float, ...], ...]
    with_target: tuple[float, ...]


def sums_of(rows: Sequence[Sequence[float]], targets: Sequence[float]) -> Sums:
    """Of a group that is not empty."""
    num, size = len(rows), len(rows[0])
    means = [sum(column) / num for column in zip(*rows, strict=True)]
    target_mean = sum(targets) / num
    columns = [[value - mean for value in column] for column, mean in zip(zip(*rows, strict=True), means, strict=True)]
    centred = [target - target_mean for target in targets]
    upper = [[_dot(columns[i], columns[j]) if j >= i else 0.0 for j in range(size)] for i in range(size)]
    products = tuple(tuple(upper[min(i, j)][max(i, j)] for j in range(size)) for i in range(size))
    return Sums(products, tuple(_dot(column, centred) for column in columns))


def ridge(groups: Sequence[Sums], penalty: float) -> list[float]:
    """Weights that fit all groups best, less `penalty` times the sum of their squares."""
    size = len(groups[0].with_target)
    matrix = [[sum(group.products[i][j] for group in groups) for j in range(size)] for i in range(size)]
    for i in range(size):
        matrix[i][i] += penalty
    return solve(matrix, [sum(group.with_target[i] for group in groups) for i in range(size)])


def solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The solution of a system whose matrix is symmetric and positive definite, by elimination. Changes neither."""
    size = len(right)
    rows = [[*matrix[i], right[i]] for i in range(size)]
    for i in range(size):
        pivot = rows[i]
        for row in rows[i + 1 :]:
            factor = row[i] / pivot[i]
            if factor:
                for k in range(i, size + 1):
                    row[k] -= factor * pivot[k]
    found = [0.0] * size
    for i in reversed(range(size)):
        known = sum(rows[i][k] * found[k] for k in range(i + 1, size))
        found[i] = (rows[i][size] - known) / rows[i][i]
    return found


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(map(float.__mul__, a, b))
