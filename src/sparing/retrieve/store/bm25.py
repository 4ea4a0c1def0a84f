"""BM25 (Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework", eq. 3.15), idf never below 0 (Lucene's).

A score is divided by what the question's words count together, so that it compares between questions and stores.
"""

from __future__ import annotations

import heapq
import math
from array import array
from collections.abc import Sequence

from sparing.core.store import Scored
from sparing.retrieve.store.posting import BYTES, LENGTH_SHIFT, MOST_LENGTH, MOST_TIMES, ROW_SHIFT, has_numpy

K1 = 1.2
B = 0.75


def idf(holding: int, rows: int) -> float:
    """What a word counts that `holding` of `rows` passages have."""
    return math.log(1 + (rows - holding + 0.5) / (holding + 0.5))


def best_by_words(postings: Sequence[bytes], rows: int, mean_words: float, limit: int) -> list[Scored]:
    """The passages that fit best, best first, equals by row.

    Args:
        postings: Of each word, see `postings`; a passage once in each.
        rows: All passages that count.
        mean_words: Of these.
    """
    counted = [(blob, idf(len(blob) // BYTES, rows)) for blob in postings if blob]
    if not counted or limit < 1:
        return []
    together = sum(weight for _, weight in counted)
    weighed = [(blob, weight / together) for blob, weight in counted]
    score = _with_numpy if has_numpy() else _plain
    return score(weighed, mean_words, limit)


def _plain(weighed: Sequence[tuple[bytes, float]], mean_words: float, limit: int) -> list[Scored]:
    scores: dict[int, float] = {}
    for blob, weight in weighed:
        for posting in array("Q", blob):
            times = posting & MOST_TIMES
            length = posting >> LENGTH_SHIFT & MOST_LENGTH
            row = posting >> ROW_SHIFT
            score = weight * times * (K1 + 1) / (times + K1 * (1 - B + B * length / mean_words))
            scores[row] = scores.get(row, 0.0) + score
    best = heapq.nsmallest(limit, ((-score, row) for row, score in scores.items()))
    return [Scored(row, -score) for score, row in best]


def _with_numpy(weighed: Sequence[tuple[bytes, float]], mean_words: float, limit: int) -> list[Scored]:
    """The same, in the same order of additions, so that both give the same numbers."""
    import numpy as np

    decoded = [(np.frombuffer(blob, np.uint64), weight) for blob, weight in weighed]
    rows_of = [(postings >> np.uint64(ROW_SHIFT)).astype(np.int64) for postings, _ in decoded]
    low = min(int(rows.min()) for rows in rows_of)
    high = max(int(rows.max()) for rows in rows_of)
    scores = np.zeros(high - low + 1)  # untouched pages of it cost nothing
    for rows, (postings, weight) in zip(rows_of, decoded, strict=True):
        times = (postings & np.uint64(MOST_TIMES)).astype(np.float64)
        length = (postings >> np.uint64(LENGTH_SHIFT) & np.uint64(MOST_LENGTH)).astype(np.float64)
        scores[rows - low] += weight * times * (K1 + 1) / (times + K1 * (1 - B + B * length / mean_words))
    found = np.concatenate(rows_of)
    reached = scores[found - low]
    if len(found) > len(rows_of) * limit:  # a row stands once for each word
        most = len(rows_of) * limit
        found = found[reached >= np.partition(reached, len(found) - most)[len(found) - most]]
    found = np.unique(found)
    reached = scores[found - low]
    order = np.lexsort((found, -reached))[:limit]
    return [Scored(int(found[i]), float(reached[i])) for i in order]
