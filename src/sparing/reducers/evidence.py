"""How likely each unit of a text holds what a question asks for.

A sentence counts by its own words, by those beside it, and by its passage: what names the subject and what says the
answer are often two sentences of one passage. In a transcript a subject is discussed over a stretch of turns, so there
the scores are spread over windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from sparing.core.deadline import Deadline
from sparing.reducers.bm25 import bm25, grouped, term_weights, unit_counts
from sparing.reducers.cues import cue_scores, kind_asked
from sparing.reducers.matches import find_terms
from sparing.reducers.passages import Layout
from sparing.reducers.stopwords import FRAME
from sparing.reducers.terms import question_terms
from sparing.reducers.words import WORD, fold

K1, B = 1.2, 0.75
TURN_K1, TURN_B = 0.5, 0.4  # turns differ in length because of who speaks, not of what is said
CONTEXT = 2.0  # of the passage's score, beside 1 for the unit's own
NEIGHBOUR = 0.3
LEAD = 0.2  # the first sentence of a passage says what it is about
CUE = 0.5
HEADING = 0.5
TOGETHER = 1.5  # exponent: a turn that has two of the words counts more than two turns that have one each
WINDOWS = ((0.03, 0.5), (0.1, 1.0), (0.3, 0.5))  # share of all turns, weight
# A turn's own words beside its windows: who asks what was discussed wants the stretch, who asks for a date one turn.
OWN_BROAD, OWN, OWN_FACT = 0.1, 0.5, 2.0


def evidence(
    text: str, layout: Layout, question: str, deadline: Deadline, own_share: float | None = None
) -> list[float]:
    """One score >= 0 per unit; all 0 when no word of the question is found.

    Args:
        own_share: How much a turn's own words count beside those of the turns around it; None: as the question says.
    """
    terms = question_terms(question)
    if not terms or not layout.num_units:
        return [0.0] * layout.num_units
    counts = unit_counts(find_terms(fold(text), terms, deadline), layout.bounds)
    in_contexts = grouped(counts, layout.contexts)
    rarities = [term.weight for term in terms]
    weights = term_weights(rarities, (counts, layout.num_units), (in_contexts, layout.num_contexts))
    if not any(weights):
        return [0.0] * layout.num_units
    deadline.check()
    lengths = [b - a for a, b in pairwise(layout.bounds)]
    context_lengths = _context_lengths(layout, lengths)
    if layout.turns:
        around = _spread(bm25(in_contexts, weights, context_lengths, TURN_K1, TURN_B))
        own = scaled(bm25(counts, weights, lengths, TURN_K1, TURN_B))
        share = _own_share(question) if own_share is None else own_share
        return [around[turn] + share * score for turn, score in zip(layout.passage_of, own, strict=True)]
    own = scaled(bm25(counts, weights, lengths, K1, B))
    contexts = bm25(in_contexts, weights, context_lengths, K1, B)
    headed = [s + (HEADING * contexts[h] if h >= 0 else 0.0) for s, h in zip(contexts, layout.heading_of, strict=True)]
    return _combine(layout, own, scaled(headed), cue_scores(text, layout.bounds, question))


def _own_share(question: str) -> float:
    if any(word in FRAME for word in WORD.findall(fold(question))):
        return OWN_BROAD
    return OWN_FACT if kind_asked(question) else OWN


def _combine(layout: Layout, own: Sequence[float], contexts: Sequence[float], cues: Sequence[float]) -> list[float]:
    passage_of = [-1, *layout.passage_of, -1]
    own_padded = [0.0, *own, 0.0]
    scores = []
    for unit, (score, of_unit, cue) in enumerate(zip(own, layout.contexts, cues, strict=True)):
        passage = passage_of[unit + 1]
        before = own_padded[unit] if passage_of[unit] == passage else -1.0
        after = own_padded[unit + 2] if passage_of[unit + 2] == passage else -1.0
        beside = before if before > after else after
        if beside > 0:
            score += NEIGHBOUR * beside
        if before < 0 <= after:
            score += LEAD
        scores.append(score + CONTEXT * contexts[of_unit[0][0]] + CUE * cue)
    return scores


def _context_lengths(layout: Layout, lengths: Sequence[int]) -> list[float]:
    result = [0.0] * layout.num_contexts
    for length, of_unit in zip(lengths, layout.contexts, strict=True):
        for context, share in of_unit:
            result[context] += share * length
    return result


def _spread(scores: Sequence[float]) -> list[float]:
    """Scores of turns spread over windows of several widths: a stretch that is about the subject comes out on top."""
    raised = [score**TOGETHER for score in scores]
    total = [0.0] * len(scores)
    for share, weight in WINDOWS:
        width = max(5, int(share * len(scores))) // 2 | 1
        smooth = scaled(_mean_around(_mean_around(raised, width), width))  # two boxes: a triangle
        total = [a + weight * b for a, b in zip(total, smooth, strict=True)]
    return total


def _mean_around(values: Sequence[float], width: int) -> list[float]:
    sums = list(accumulate(values, initial=0.0))
    half, size = width // 2, len(values)
    return [(sums[min(size, i + half + 1)] - sums[max(0, i - half)]) / width for i in range(size)]


def scaled(values: Sequence[float]) -> list[float]:
    """The same with a maximum of 1, or all 0."""
    top = max(values, default=0.0)
    return [value / top for value in values] if top > 0 else [0.0] * len(values)
