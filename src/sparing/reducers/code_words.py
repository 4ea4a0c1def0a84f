"""How much parts of code have to do with a question, where ``rows`` also finds ``read_rows`` and ``jsonRows``."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from sparing.core.deadline import Deadline
from sparing.reducers.part_ladder import Runs

_K1, _B = 1.2, 0.6
_SHORT_WORD = 0.3  # weight of words of one or two letters: in code they are mostly variables


def score_parts(runs: Runs, words: Sequence[str], deadline: Deadline) -> list[float]:
    """BM25 of each part against the question's (folded, stemmed) words; 0 where none occurs.

    Raises:
        DeadlineExceeded: Between two words.
    """
    size = runs.size
    scores = [0.0] * size
    lengths = runs.part_chars
    mean = sum(lengths) / size if size else 1.0
    for word, counts in _mentions(runs, words, deadline).items():
        idf = math.log(1 + (size - len(counts) + 0.5) / (len(counts) + 0.5))
        weight = idf if len(word) > 2 else idf * _SHORT_WORD
        for part, n in counts.items():
            scores[part] += weight * n * (_K1 + 1) / (n + _K1 * (1 - _B + _B * lengths[part] / (mean or 1.0)))
    return scores


def _mentions(runs: Runs, words: Sequence[str], deadline: Deadline) -> dict[str, Counter[int]]:
    """How often each part has each word at the start of a word or at a hump of ``snake_case`` or ``camelCase``."""
    text, bounds, owners = runs.text, runs.bounds, runs.owners
    lowered = text.lower()
    if len(lowered) != len(text):  # a few characters change length; offsets must not
        lowered = text
    found: dict[str, Counter[int]] = {}
    for word in filter(None, words):
        deadline.check()
        hits: list[int] = []
        at = lowered.find(word)
        while at >= 0:
            if not lowered[at - 1 : at].isalpha() or (text[at].isupper() and not text[at - 1].isupper()):
                hits.append(at)
            at = lowered.find(word, at + len(word))
        if hits:
            found[word] = Counter([owners[bisect_right(bounds, hit) - 1] for hit in hits])
    return found
