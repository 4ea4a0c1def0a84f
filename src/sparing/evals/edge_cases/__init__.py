"""Texts in which a little thing decides: an exception, a condition, one digit, a correction. Seeded, no network.

About 160 kernels written by hand, each in three surroundings. Half of them are held out: rules are made by the others.
"""

from __future__ import annotations

from functools import lru_cache

from sparing.evals.edge_cases.compose import BUDGETS, compose
from sparing.evals.edge_cases.nouns import Case
from sparing.evals.edge_cases.read import kernels

__all__ = ["Case", "make_all"]


@lru_cache(maxsize=4)
def make_all(seed: int) -> tuple[Case, ...]:
    """Every kernel in every variation. The same seed gives the same cases."""
    return tuple(compose(kernel, variation, seed) for kernel in kernels() for variation in range(len(BUDGETS)))
