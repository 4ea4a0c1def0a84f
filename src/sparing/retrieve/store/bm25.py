"""BM25 (Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework", eq. 3.15), idf never below 0 (Lucene's)."""

from __future__ import annotations

import math

K1 = 1.2
B = 0.75


def idf(holding: int, rows: int) -> float:
    """What a word counts that `holding` of `rows` passages have."""
    return math.log(1 + (rows - holding + 0.5) / (holding + 0.5))
