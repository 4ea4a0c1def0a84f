"""What was found twice is told once.

Two passages say the same where their words do, but for a few that are neither numbers nor negations: a contract's two
versions that differ in one figure stay two. Maximal marginal relevance (Carbonell & Goldstein 1998) is not used: it
lost evidence wherever we measured it, see docs/retrieval.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from sparing.reducers.words import WORD, fold

_MOST_OTHER = 0.03  # of the words of the shorter
_TELLING = re.compile(r".*\d|(?:no|not|never|none|nor|without|except|unless|cannot|only)$|.*n['’]?t$")


def repeated(texts: Sequence[str]) -> list[int | None]:
    """For each text the place of an earlier one that says all of it; None for those that are new."""
    seen: list[tuple[int, Counter[str]]] = []
    found: list[int | None] = []
    for place, text in enumerate(texts):
        words = Counter(WORD.findall(fold(text)))
        of = next((earlier for earlier, others in seen if says_all(others, words)), None)
        found.append(of)
        if of is None:
            seen.append((place, words))
    return found


def says_all(whole: Counter[str], part: Counter[str]) -> bool:
    """Whether `whole` has the words of `part`, but for a few that change nothing."""
    missing = part - whole
    if missing.total() > _MOST_OTHER * part.total():
        return False
    return not any(_TELLING.match(word) for word in missing) and not _telling(part) - _telling(whole)


def _telling(words: Counter[str]) -> Counter[str]:
    return Counter({word: times for word, times in words.items() if _TELLING.match(word)})
