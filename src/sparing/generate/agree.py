"""Whether two answers say the same, as far as words and numbers tell."""

from __future__ import annotations

import re
from collections import Counter

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NEGATION = re.compile(r"\b(?:not?|never|none|cannot)\b|n['’]t\b", re.IGNORECASE)
_FILLER = frozenset(("a", "an", "the", "is", "are", "was", "were", "it", "of", "in", "to", "and"))
_SHORT_WORDS = 12
_LEAST_F1 = 0.6  # of words; paraphrases of one answer lie above, answers to one question that differ mostly below


def agree(one: str, other: str) -> bool:
    """Whether two answers to one request agree.

    The same numbers and as many negations, and most words in common; of short answers it is enough that one has all
    words of the other. Errs towards no: what is counted as different costs a stronger answer, nothing else.
    """
    if set(_NUMBER.findall(one)) != set(_NUMBER.findall(other)):
        return False
    if len(_NEGATION.findall(one)) != len(_NEGATION.findall(other)):
        return False
    a, b = _words(one), _words(other)
    if not a or not b:
        return one.strip() == other.strip()
    shared = sum((a & b).values())
    fewer, more = sorted((a.total(), b.total()))
    if more <= _SHORT_WORDS:
        return shared == fewer
    return 2 * shared / (fewer + more) >= _LEAST_F1


def _words(text: str) -> Counter[str]:
    return Counter(word for word in _WORD.findall(text.lower()) if word not in _FILLER)
