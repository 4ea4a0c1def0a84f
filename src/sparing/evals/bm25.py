"""Textbook Okapi BM25, on its own: neither the data preparation nor the baseline shares code with what is measured.

Source: Robertson & Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009, eq. 3.15, with the
idf ``ln(1 + (N - df + 0.5) / (df + 0.5))``, which is never negative.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter
from collections.abc import Sequence

_K1, _B = 1.2, 0.75
_WORD = re.compile(r"\w+")
# Scripts written without spaces: Thai, Lao, Khmer, Japanese kana, Han, Hangul stays with the words.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def terms(text: str) -> list[str]:
    """Lower-cased words; runs of scripts written without spaces become overlapping character pairs."""
    words = _WORD.findall(text.lower())
    if text.isascii():
        return words
    spaced = [word for word in words if not _UNSPACED.search(word)]
    for run in words:
        if _UNSPACED.search(run):
            spaced.extend(run[i : i + 2] for i in range(max(1, len(run) - 1)))
    return spaced


class Bm25:
    """An index over documents; scores all of them against a query."""

    def __init__(self, documents: Sequence[str]) -> None:
        counts = [Counter(terms(document)) for document in documents]
        lengths = [sum(count.values()) for count in counts]
        mean = (sum(lengths) / len(lengths) if lengths else 0.0) or 1.0
        self._size = len(documents)
        self._norms = [_K1 * (1 - _B + _B * length / mean) for length in lengths]
        self._postings: dict[str, list[tuple[int, int]]] = {}
        for index, count in enumerate(counts):
            for term, times in count.items():
                self._postings.setdefault(term, []).append((index, times))

    def scores(self, query: str) -> list[float]:
        """One score per document, >= 0; each query term counts once."""
        scores = [0.0] * self._size
        for term in dict.fromkeys(terms(query)):
            postings = self._postings.get(term, ())
            idf = math.log(1 + (self._size - len(postings) + 0.5) / (len(postings) + 0.5))
            for index, times in postings:
                scores[index] += idf * times * (_K1 + 1) / (times + self._norms[index])
        return scores

    def best(self, query: str, n: int) -> list[int]:
        """Indexes of the n best documents, best first, ties by position."""
        scores = self.scores(query)
        return heapq.nsmallest(n, range(self._size), key=lambda i: (-scores[i], i))
