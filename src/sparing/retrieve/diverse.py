"""What was found twice is told once.

Two passages say the same where their words do, but for a few that are neither numbers nor negations: a contract's two
versions that differ in one figure stay two. Maximal marginal relevance (Carbonell & Goldstein 1998) is left out: on
validation questions it found no more at any weight (docs/retrieval.md).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sparing.reducers.words import WORD, fold

_MOST_OTHER = 0.03  # of the words of both
_TELLING = re.compile(r".*\d|(?:no|not|never|none|nor|without|except|unless|cannot|only)$|.*n['’]?t$")


def repeated(texts: Sequence[str]) -> list[int | None]:
    """For each text the place of an earlier one that says all of it; None for those that are new."""
    seen: list[tuple[int, _Words]] = []
    found: list[int | None] = []
    for place, text in enumerate(texts):
        words = _Words.of(text)
        of = next((at for at, other in seen if words.flat in other.flat or words.is_near(other)), None)
        found.append(of)
        if of is None:
            seen.append((place, words))
    return found


@dataclass(frozen=True, slots=True)
class _Words:
    flat: str
    counts: Counter[str]
    distinct: frozenset[str]
    size: int

    @classmethod
    def of(cls, text: str) -> _Words:
        words = WORD.findall(fold(text))
        return cls(" ".join(words), Counter(words), frozenset(words), len(words))

    def is_near(self, other: _Words) -> bool:
        """Whether two texts have the same words, but for a few that change nothing."""
        most = _MOST_OTHER * (self.size + other.size)
        if abs(self.size - other.size) > most or len(self.distinct ^ other.distinct) > most:  # almost always
            return False
        differing = (self.counts - other.counts) + (other.counts - self.counts)
        return differing.total() <= most and not any(map(_TELLING.match, differing))
