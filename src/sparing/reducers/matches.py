"""Where the terms of a question are in a text. Only what is asked for is looked for, at the speed of `str.find`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from sparing.core.deadline import Deadline
from sparing.reducers.terms import Form, Term, grade, misspelt
from sparing.reducers.words import WORD_CLASS

_TAIL = re.compile(f"[{WORD_CLASS}]*")
_LETTER = re.compile(f"[{WORD_CLASS}]")
_NEAR_CHARS = 14  # between two words of a phrase: room for "of the"
_CHECK_EVERY = 4096
_GRADE = itemgetter(2)


@dataclass(frozen=True, slots=True)
class Matches:
    """Where one term was found: parallel lists in text order, character offsets and grades (0..1)."""

    starts: list[int]
    ends: list[int]
    grades: list[float]


def find_terms(folded: str, terms: Sequence[Term], deadline: Deadline) -> list[Matches]:
    """Matches of each term in a folded text."""
    found = []
    for term in terms:
        hits: list[tuple[int, int, float]] = []
        for form in term.forms:
            hits += _find_form(folded, form, deadline)
        if not hits and (near := misspelt(term)) is not None:
            hits += _find_form(folded, near, deadline)
        if len(term.forms) > 1:  # a word that two forms find counts once, as the better of the two
            hits = sorted({start: (start, end, grade) for start, end, grade in sorted(hits, key=_GRADE)}.values())
        found.append(Matches([h[0] for h in hits], [h[1] for h in hits], [h[2] for h in hits]))
    return found


def _find_form(folded: str, form: Form, deadline: Deadline) -> Iterator[tuple[int, int, float]]:
    anchor, find = form.anchor, folded.find
    grades: dict[str, float] = {}
    at, seen = find(anchor), 0
    while at >= 0:
        seen += 1
        if not seen % _CHECK_EVERY:
            deadline.check()
        end = at + len(anchor)
        if form.inside or not at or not _LETTER.match(folded, at - 1):
            if form.stem:
                end = _TAIL.match(folded, end).end()  # type: ignore[union-attr]
            word = folded[at:end]
            if word not in grades:
                grades[word] = grade(form, word)
            if grades[word]:
                yield at, end, grades[word]
        at = find(anchor, end)


def find_phrases(matches: Sequence[Matches]) -> Iterator[tuple[int, int]]:
    """(i, offset) wherever term i is followed at once by term i + 1, as it is in the question."""
    for i, (first, second) in enumerate(zip(matches, matches[1:], strict=False)):
        starts = second.starts
        for end in first.ends:
            k = bisect_left(starts, end)
            if k < len(starts) and starts[k] - end <= _NEAR_CHARS:
                yield i, end - 1
