"""The bars to clear: start, end, chance and BM25, over the same units and the same exact token budget."""

from __future__ import annotations

import random
from hashlib import blake2b
from itertools import accumulate, pairwise

from sparing.evals.bm25 import Bm25
from sparing.evals.method import Method
from sparing.evals.units import fill, line_bounds, unit_bounds

_WINDOW = 41  # turns: about as long as a median answer span of a meeting


def head(text: str, _question: str, budget_tokens: int | None) -> str:
    """The first units that fit."""
    cuts = unit_bounds(text)
    return fill(text, cuts, range(len(cuts) - 1), budget_tokens or 0)


def tail(text: str, _question: str, budget_tokens: int | None) -> str:
    """The last units that fit."""
    cuts = unit_bounds(text)
    return fill(text, cuts, range(len(cuts) - 2, -1, -1), budget_tokens or 0)


def chance(text: str, question: str, budget_tokens: int | None) -> str:
    """Units in random order; the seed is the text and the question."""
    cuts = unit_bounds(text)
    order = list(range(len(cuts) - 1))
    seed = blake2b(f"{question}\0{text}".encode("utf-8", "replace"), digest_size=8).digest()
    random.Random(seed).shuffle(order)
    return fill(text, cuts, order, budget_tokens or 0)


def bm25(text: str, question: str, budget_tokens: int | None) -> str:
    """Units by BM25 against the question, ties by position."""
    cuts = unit_bounds(text)
    scores = Bm25([text[a:b] for a, b in pairwise(cuts)]).scores(question)
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    return fill(text, cuts, order, budget_tokens or 0)


def bm25_windowed(text: str, question: str, budget_tokens: int | None) -> str:
    """Lines by the sum of the BM25 scores of the 41 lines around them."""
    cuts = line_bounds(text)
    scores = Bm25([text[a:b] for a, b in pairwise(cuts)]).scores(question)
    totals = list(accumulate(scores, initial=0.0))
    half, last = _WINDOW // 2, len(scores)
    around = [totals[min(last, i + half + 1)] - totals[max(0, i - half)] for i in range(last)]
    return fill(text, cuts, sorted(range(last), key=lambda i: (-around[i], i)), budget_tokens or 0)


BASELINES = {
    method.name: method
    for method in (
        Method("head", head),
        Method("tail", tail),
        Method("random", chance),
        Method("bm25", bm25),
        Method("bm25_windowed", bm25_windowed),
        Method("full", lambda text, _question, _budget: text, takes_budget=False, chooses=True),
    )
}
