"""Lines that a question names: by an identifier, a number, a path, a time of day, a quotation."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from sparing.core.deadline import Deadline
from sparing.core.question import Question
from sparing.reducers.relevance import identifiers

MOST_NAMED = 24
"""An identifier found in more lines than this does not single any out."""

_MOST_FOUND = 2_000
_DIGIT = re.compile(r"\d")
_AROUND_WORDS = "/\\#.,:;!?()[]{}<>\"'`"


def named_lines(text: str, bounds: Sequence[int], question: Question, deadline: Deadline) -> Iterator[set[int]]:
    """For each thing that the question names the lines ``text[bounds[i]:bounds[i + 1]]`` it stands in, if any."""
    for literal in _literals(question.text):
        deadline.check()
        found = re.finditer(rf"(?<!\w){re.escape(literal)}(?!\w)", text)
        lines = {bisect_right(bounds, match.start()) - 1 for match in islice(found, _MOST_FOUND)}
        lines -= {-1, len(bounds) - 1}
        if lines:
            yield lines


def lines_holding(text: str, bounds: Sequence[int], literals: Iterable[str]) -> Iterator[int]:
    """Lines that hold one of these literals or a part of it."""
    for literal in filter(None, literals):
        at = text.find(literal)
        while at >= 0:
            first, last = bisect_right(bounds, at) - 1, bisect_right(bounds, at + len(literal) - 1) - 1
            yield from range(max(0, first), min(last, len(bounds) - 2) + 1)
            after = bounds[min(first + 1, len(bounds) - 1)]  # the next place that reaches into another line
            at = text.find(literal, max(at + 1, after - len(literal) + 1))


def _literals(question: str) -> Iterable[str]:
    words = (word.strip(_AROUND_WORDS) for word in question.split())
    return dict.fromkeys([*identifiers(question), *(word for word in words if len(word) > 1 and _DIGIT.search(word))])
