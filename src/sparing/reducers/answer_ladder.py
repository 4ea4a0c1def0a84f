"""The ladder of an answer: its pieces by worth, each with all that it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sparing.core.counter import Counter
from sparing.core.ladder import Rendition
from sparing.reducers.answer_needs import Needs, closed
from sparing.reducers.answer_parts import Piece
from sparing.reducers.answer_text import put_together

_LOOK_AHEAD = 12  # pieces further down the order than this are not worth filling with
_FILLED_RUNGS = 128
_BY_SIZE = 0.02  # of the worth: more is never worth nothing


@dataclass(frozen=True)
class AnswerLadder:
    """Rung r keeps the first ``sizes[r]`` pieces of the order, and its fillers. See `core.ladder.Ladder`."""

    text: str
    pieces: Sequence[Piece]
    order: Sequence[int]
    sizes: Sequence[int]
    fillers: Sequence[tuple[int, ...]]
    tokens: Sequence[int]
    worth: Sequence[float]
    reducer: str
    judged_by: str

    def render(self, rung: int) -> Rendition:
        """Kept pieces in the order of the source."""
        kept = frozenset((*self.order[: self.sizes[rung]], *self.fillers[rung]))
        text, elisions = put_together(self.text, self.pieces, kept)
        return Rendition(text, self.tokens[rung], self.worth[rung], "sentences", elisions, self.reducer, self.judged_by)


def answer_ladder(
    text: str,
    pieces: Sequence[Piece],
    needs: Needs,
    scores: Sequence[float],
    must: Collection[int],
    counter: Counter,
    *,
    reducer: str,
    judged_by: str,
) -> AnswerLadder:
    """One rung per piece that is worth something, and some between, where the next one is too long.

    Args:
        needs: For each piece those that have to stay where it stays.
        scores: Of each piece; those that only frame others have 0 and come with them.
        must: Pieces that no rung leaves out.
    """
    tokens = counter.split(text, [0, *(piece.start for piece in pieces[1:]), len(text)])
    rungs = _Rungs(needs, tokens, scores)
    rungs.add(sorted(must))
    by_score = sorted((at for at, score in enumerate(scores) if score > 0), key=lambda at: -scores[at])
    for place, at in enumerate(by_score):
        rungs.add((at,), by_score[place + 1 : place + 1 + _LOOK_AHEAD])
    rungs.add(range(len(pieces)))
    return AnswerLadder(
        text,
        pieces,
        rungs.order,
        rungs.sizes,
        rungs.fillers,
        rungs.tokens,
        [min(1.0, worth) for worth in rungs.worth[:-1]] + [1.0],
        reducer,
        judged_by,
    )


class _Rungs:
    """The rungs, put together from the lowest up."""

    def __init__(self, needs: Needs, tokens: Sequence[int], scores: Sequence[float]) -> None:
        self._needs = needs
        self._costs = tokens
        by_score = (1 - _BY_SIZE if any(scores) else 0.0) / (sum(scores) or 1.0)
        by_size = (1 - by_score * sum(scores)) / (sum(tokens) or 1)
        self._gains = [score * by_score + size * by_size for score, size in zip(scores, tokens, strict=True)]
        self._known: set[int] = set()
        self.order: list[int] = []
        self.sizes: list[int] = []
        self.fillers: list[tuple[int, ...]] = []
        self.tokens: list[int] = []
        self.worth: list[float] = []

    def add(self, chosen: Iterable[int], after: Sequence[int] = ()) -> None:
        """The rung with these pieces too; before it those that shorter ones of `after` make in their place."""
        added = closed(chosen, self._needs, self._known)
        if not added:
            return
        cost, gain = sum(self._costs[at] for at in added), sum(self._gains[at] for at in added)
        tokens, worth = (self.tokens[-1], self.worth[-1]) if self.sizes else (0, 0.0)
        if after and 0 < len(self.sizes) < _FILLED_RUNGS:
            self._fill(after, cost, gain)
        self._known.update(added)
        self.order += added
        self._rung((), tokens + cost, worth + gain)

    def _fill(self, candidates: Sequence[int], room: int, most_gain: float) -> None:
        tokens, worth = self.tokens[-1], self.worth[-1]
        filled: list[int] = []
        cost, gain = 0, 0.0
        for at in candidates:
            more = closed((at,), self._needs, self._known.union(filled))
            more_cost = sum(self._costs[one] for one in more)
            if more and cost + more_cost < room:
                filled += more
                cost += more_cost
                gain = min(most_gain, gain + sum(self._gains[one] for one in more))
                self._rung(tuple(filled), tokens + cost, worth + gain)

    def _rung(self, filled: tuple[int, ...], tokens: int, worth: float) -> None:
        self.sizes.append(len(self.order))
        self.fillers.append(filled)
        self.tokens.append(tokens)
        self.worth.append(worth)
