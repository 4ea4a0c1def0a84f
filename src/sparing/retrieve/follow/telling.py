"""Which stretches of a file say most: those with errors, and with words that few others have."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from sparing.reducers.log_worth import ERROR_WORDS

_WORD = re.compile(r"[^\W\d_]{3,20}")
_MOST_WORDS = 200_000  # that are remembered: bounds the memory
_MOST_STRETCHES = 1000  # of the newest that are looked at
_RARE = 2  # stretches that may have a rare word
_ERROR = 4.0  # a line with an error counts as so many rare words


def most_telling_first(texts: Sequence[Callable[[], str]]) -> list[int]:
    """The order of some stretches: the newest, which is the last, then by what they tell per line, newer before older.

    Args:
        texts: Read when they are looked at, one at a time. Of very many, the older ones go by their age.
    """
    first = max(0, len(texts) - _MOST_STRETCHES)
    worths = _worths(text() for text in texts[first:])
    newest = len(texts) - 1
    looked_at = sorted(range(first, len(texts)), key=lambda place: (place != newest, -worths[place - first], -place))
    return [*looked_at, *reversed(range(first))]


def _worths(texts: Iterable[str]) -> list[float]:
    known: Counter[str] = Counter()
    signs: list[tuple[list[str], float, int]] = []
    for text in texts:
        words = set(_WORD.findall(text.lower()))
        known.update(words if len(known) < _MOST_WORDS else words & known.keys())
        errors = sum(1 for line in text.lower().split("\n") if ERROR_WORDS.search(line))
        rare = [word for word in words if 0 < known[word] <= _RARE]
        signs.append((rare, _ERROR * errors, text.count("\n") + 1))
    return [(errors + sum(1 for word in rare if known[word] <= _RARE)) / lines for rare, errors, lines in signs]
