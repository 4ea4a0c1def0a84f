"""What a kept sentence does not hold without: its exception, the clause it refers to, the head of its table.

Scores tell what answers a question. What limits the answer has often none of the question's words ("This does not apply
to ..."), and a rule without its exception is worse than nothing. So a unit that another one depends on gets a share of
that one's score, whoever gave the scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import nlargest

from sparing.reducers.references import references
from sparing.reducers.scope_cues import qualifies
from sparing.reducers.table_heads import table_heads

_POINTED_AT = 0.95  # of the score of what points at it
_LIMIT = 0.85  # of the score of the sentence before it; many a sentence that begins like a limit is none
_FIRST = 32  # units that are followed up: those that small budgets are made of


def with_dependents(text: str, bounds: Sequence[int], scores: Sequence[float]) -> list[float]:
    """The same scores, some of them raised.

    Args:
        bounds: Unit i is ``text[bounds[i]:bounds[i + 1]]``; sentences and lines, not turns of a conversation.
    """
    raised = list(scores)
    _raise_limits(text, bounds, raised)
    best = nlargest(_FIRST, range(len(raised)), key=raised.__getitem__)
    _raise(raised, table_heads(text, bounds, best))
    _raise(raised, references(text, bounds, best))
    return raised


def _raise(scores: list[float], links: Iterable[tuple[int, int]]) -> None:
    for unit, needed in links:
        scores[needed] = max(scores[needed], _POINTED_AT * scores[unit])


def _raise_limits(text: str, bounds: Sequence[int], scores: list[float]) -> None:
    """A unit that begins as a limit of the one before it, in the same paragraph, is worth nearly as much."""
    before = scores[0] if scores else 0.0
    for unit in range(1, len(scores)):
        score, start = scores[unit], bounds[unit]
        if _LIMIT * before > score and text[start - 2 : start] != "\n\n" and qualifies(text, start):
            score = scores[unit] = _LIMIT * before
        before = score
