"""How much each unit of a text has to do with a question: BM25 driven by the question's words.

Only the question's words (and what else texts call them) are looked for, so the cost does not depend on the vocabulary
of the text. Words weigh by their rarity in the language at large times their rarity in the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sparing.core.deadline import Deadline
from sparing.core.question import Question
from sparing.reducers.bm25 import bm25, term_weights, unit_counts
from sparing.reducers.matches import find_terms
from sparing.reducers.terms import identifiers, question_terms
from sparing.reducers.words import fold

__all__ = ["identifiers", "question_words", "score"]

_K1, _B = 1.2, 0.6


def score(text: str, bounds: Sequence[int], question: Question, deadline: Deadline | None = None) -> list[float]:
    """BM25 of each unit ``text[bounds[i]:bounds[i + 1]]`` against the question; 0 where no word matches."""
    size = len(bounds) - 1
    terms = question_terms(question.text)
    if not terms or size <= 0:
        return [0.0] * max(0, size)
    counts = unit_counts(find_terms(fold(text), terms, deadline or Deadline()), bounds)
    for count in counts:  # what lies before the first unit or after the last is nobody's
        count.pop(-1, None)
        count.pop(size, None)
    weights = term_weights([term.weight for term in terms], (counts, size))
    return bm25(counts, weights, [b - a for a, b in pairwise(bounds)], _K1, _B)


def question_words(question: str) -> tuple[str, ...]:
    """What the question's words that carry meaning begin with, folded (`words.fold`)."""
    return tuple(dict.fromkeys(term.forms[0].stem or term.word for term in question_terms(question)))
