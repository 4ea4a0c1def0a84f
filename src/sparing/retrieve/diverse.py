"""What was found twice is told once.

Two passages say the same where their words do, but for a few that are neither numbers nor negations: a contract's two
versions that differ in one figure stay two.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from sparing.reducers.words import WORD, fold

_MOST_OTHER = 0.03  # of the words of both
_TELLING = re.compile(r".*\d|(?:no|not|never|none|nor|without|except|unless|cannot|only)$|.*n['’]?t$")


def repeated(texts: Sequence[str]) -> list[int | None]:
    """For each text the place of an earlier one that says all of it; None for those that are new."""
    seen: list[tuple[int, str, Counter[str]]] = []
    found: list[int | None] = []
    for place, text in enumerate(texts):
        words = WORD.findall(fold(text))
        flat, counts = " ".join(words), Counter(words)
        of = next((at for at, whole, others in seen if flat in whole or _near(counts, others)), None)
        found.append(of)
        if of is None:
            seen.append((place, flat, counts))
    return found


def _near(one: Counter[str], other: Counter[str]) -> bool:
    """Whether two texts have the same words, but for a few that change nothing."""
    differing = (one - other) + (other - one)
    few = differing.total() <= _MOST_OTHER * (one.total() + other.total())
    return few and not any(map(_TELLING.match, differing))
