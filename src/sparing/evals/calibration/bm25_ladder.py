"""BM25 as a ladder whose worth is the share of tokens it keeps, to be calibrated like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from sparing.core.ladder import Elision, Rendition
from sparing.evals.bm25 import Bm25
from sparing.evals.units import o200k, unit_bounds

_DECADES = 4  # as many as the levels of worth have, spread over the root of the share


@dataclass(frozen=True)
class Bm25Ladder:
    """Rung k keeps the k best units. See `core.ladder.Ladder`."""

    text: str
    bounds: Sequence[int]
    rank: Sequence[int]
    tokens: Sequence[int]
    worth: Sequence[float]
    reducer: str = "bm25"

    def render(self, rung: int) -> Rendition:
        """Kept units in source order, nothing between them."""
        pieces, gone, at = [], [], 0
        for rank, end in zip(self.rank, self.bounds[1:], strict=True):
            if rank < rung:
                pieces.append(self.text[at:end])
            else:
                gone.append(Elision(at, end, 1))
            at = end
        return Rendition("".join(pieces), self.tokens[rung], self.worth[rung], "units", tuple(gone), self.reducer)


def bm25_ladder(text: str, question: str) -> Bm25Ladder:
    """The units of `text` by BM25 against the question, ties by position."""
    bounds = unit_bounds(text)
    scores = Bm25([text[a:b] for a, b in pairwise(bounds)]).scores(question)
    order = sorted(range(len(scores)), key=lambda unit: (-scores[unit], unit))
    costs = o200k().split(text, bounds)
    tokens = list(accumulate((costs[unit] for unit in order), initial=0))
    worth = [1 - 10 ** (-_DECADES * (spent / (tokens[-1] or 1)) ** 0.5) for spent in tokens]
    worth[-1] = 1.0
    rank = [0] * len(order)
    for place, unit in enumerate(order):
        rank[unit] = place
    return Bm25Ladder(text, bounds, rank, tokens, worth)
