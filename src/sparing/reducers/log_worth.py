"""Which lines of a log come first: what is pinned or named, errors, one line of each kind, what fits the question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.reducers.named import MOST_NAMED, lines_holding, named_lines
from sparing.reducers.relevance import score
from sparing.reducers.templates import Templates

_AS_THEY_STOOD = 12  # this many of the lines that fit the question best are not turned into rows
_RELEVANT, _KIND, _ERROR, _OTHER = 8.0, 1.0, 0.25, 0.2  # worth of a line, relative
_BESIDE = 0.3  # of the score of the line above or below
_WARNS = 0.25  # a warning counts as if it were that much nearer to the first of its kind

ERROR_WORDS = re.compile(
    r"error|fatal|fail|exception|critical|severe|panic|alert|emerg|traceback|segfault|abort|crash|denied|refused"
    r"|corrupt|out of memory"
)
_LETTER_LEVEL = re.compile(r"(?:[^ ]* ){0,6}?[EF][ /]|[EF]0 ")  # the levels of logcat and glog


@dataclass(frozen=True, slots=True)
class LineWorth:
    """What each line of a log is worth.

    Attributes:
        worth: One value per line.
        order: All lines, the first to be shown first.
        must: Lines of every rung: the first of each kind, errors, what is pinned or named by the question.
        pinned: Those of them that no log is too varied for: what is pinned or named.
        as_they_stood: Lines that are never written as rows.
    """

    worth: Sequence[float]
    order: Sequence[int]
    must: frozenset[int]
    pinned: frozenset[int]
    as_they_stood: frozenset[int]


def weigh(text: str, bounds: Sequence[int], templates: Templates, ask: Ask) -> LineWorth:
    """Weigh the lines ``text[bounds[i]:bounds[i + 1]]`` of a log."""
    size = len(templates.lines)
    pinned = {0, *lines_holding(text, bounds, ask.pins)}  # the first line may be a heading of columns
    scores: list[float] = []
    best: list[int] = []
    if ask.question:
        scores, named = _scores(text, bounds, templates, ask.question, ask)
        pinned |= named
        best = [line for line in sorted(range(size), key=lambda line: -scores[line])[:_AS_THEY_STOOD] if scores[line]]
        for line in best:
            for beside in (max(0, line - 1), min(size - 1, line + 1)):
                scores[beside] = max(scores[beside], scores[line] * _BESIDE)
    errors = _errors(templates)
    kinds = {found[0] for found in templates.members if templates.lines[found[0]]}
    worth, rank = _standing(templates, errors, scores)
    order = sorted(range(size), key=rank.__getitem__)
    return LineWorth(worth, order, frozenset(pinned | errors | kinds), frozenset(pinned), frozenset((*pinned, *best)))


def _errors(templates: Templates) -> set[int]:
    telling = [
        ERROR_WORDS.search(key.lower()) is not None or _LETTER_LEVEL.match(key) is not None for key in templates.keys
    ]
    return {line for line, key in enumerate(templates.key_of) if telling[key]}


def _standing(templates: Templates, errors: set[int], scores: Sequence[float]) -> tuple[list[float], list[float]]:
    """Worth and rank of each line; the lowest rank is shown first."""
    size = len(templates.lines)
    worth, rank = [_OTHER] * size, [0.0] * size
    for found in templates.members:
        step = _WARNS if "WARN" in templates.lines[found[0]][:200].upper() else 1.0
        for depth, line in enumerate(found):
            rank[line] = 1.0 + depth * step
            worth[line] = _OTHER / (1.0 + depth * step)
        rank[found[-1]] = min(rank[found[-1]], 1.5)  # until when, next to since when
        worth[found[0]] = _KIND
    for line in errors:
        rank[line], worth[line] = 0.0, max(worth[line], _ERROR)
    highest = max(scores, default=0.0)
    if highest:
        for line, found_score in enumerate(scores):
            if found_score:
                rank[line] = -found_score
                worth[line] += _RELEVANT * (found_score / highest) ** 2
    return worth, rank


def _scores(
    text: str, bounds: Sequence[int], templates: Templates, question: Question, ask: Ask
) -> tuple[list[float], set[int]]:
    """How well each line fits the question, and the lines that one of its identifiers singles out.

    The words are looked for once per statement, numbers masked, and not in all of its repetitions; what has digits in
    it is looked for in the text as an identifier.
    """
    bounds_of_keys = list(accumulate([len(key) + 1 for key in templates.keys], initial=0))
    of_key = score("\n".join(templates.keys) + "\n", bounds_of_keys, question, ask.deadline)
    scores = [of_key[key] for key in templates.key_of]
    bonus = max(of_key, default=0.0) or 1.0
    named: set[int] = set()
    for lines in named_lines(text, bounds, question, ask.deadline):
        if len(lines) <= MOST_NAMED:
            named |= lines
        for line in lines:
            scores[line] += bonus
    return scores, named
