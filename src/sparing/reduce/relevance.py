"""How much each unit of a text has to do with a question: BM25 driven by the question's words.

Only the question's words are looked for (one compiled pattern over the text), so the cost does not depend on the
vocabulary of the text.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from sparing.core.question import Question

_WORD = re.compile(r"\w+")
_K1, _B = 1.2, 0.6
_STOP = frozenset(
    "a an and are as at be but by can did do does for from had has have how if in is it its me my not of on or our so "
    "that the their them then there these they this those to was we were what when where which who whom whose why "
    "will with would you your".split()
)


def score(text: str, bounds: Sequence[int], question: Question) -> list[float]:
    """BM25 of each unit ``text[bounds[i]:bounds[i + 1]]`` against the question; 0 where no word matches."""
    size = len(bounds) - 1
    words = question_words(question.text)
    if not words or size <= 0:
        return [0.0] * size
    counts = _counts(text, bounds, words)
    mean = (bounds[-1] - bounds[0]) / size or 1.0
    scores = [0.0] * size
    for word in words:
        found = counts.get(word)
        if not found:
            continue
        idf = math.log(1 + (size - len(found) + 0.5) / (len(found) + 0.5))
        for unit, n in found.items():
            length = (bounds[unit + 1] - bounds[unit]) / mean
            scores[unit] += idf * n * (_K1 + 1) / (n + _K1 * (1 - _B + _B * length))
    return scores


@lru_cache(maxsize=256)
def question_words(question: str) -> tuple[str, ...]:
    """The question's words that carry meaning, lower-cased, cut to their stem."""
    words = dict.fromkeys(word for word in _WORD.findall(question.lower()) if word not in _STOP)
    return tuple(dict.fromkeys(_stem(word) for word in words))


def _stem(word: str) -> str:
    for suffix in ("ing", "ies", "es", "ed", "s"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


def _counts(text: str, bounds: Sequence[int], words: Sequence[str]) -> dict[str, dict[int, int]]:
    pattern = _pattern(tuple(words))
    counts: dict[str, dict[int, int]] = {}
    lowered = text.lower()
    if len(lowered) != len(text):  # a few characters change length; offsets must not
        lowered = "".join(low if len(low := c.lower()) == 1 else c for c in text)
    for match in pattern.finditer(lowered, bounds[0], bounds[-1]):
        unit = bisect_right(bounds, match.start()) - 1
        found = counts.setdefault(match.group(1), {})
        found[unit] = found.get(unit, 0) + 1
    return counts


@lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(map(re.escape, longest_first))})")
