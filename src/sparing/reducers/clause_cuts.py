"""Long sentences without a clause that can be spared: a rung below the whole sentence.

A unit with spare clauses becomes several: what stays of it, which only goes together, and each clause, which comes
later. At a twentieth of a text that makes room for another sentence; further up the ladder the clauses are back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sparing.core.counter import Counter

_LATER = 0.5  # of its sentence's score: the place of a clause in the order, and what its tokens are worth beside others


@dataclass(frozen=True, slots=True)
class Whole:
    """Units before they are cut; see `units.Units`."""

    text: str
    bounds: Sequence[int]
    tokens: Sequence[int]
    scores: Sequence[float]
    worth: Sequence[float]
    order: Sequence[int]
    must: frozenset[int]


@dataclass(frozen=True, slots=True)
class Cut:
    """Units after; see `units.Units`.

    Attributes:
        never_last: Units that only go with the next one of the order.
        counts: 1 for one piece of every unit that was cut, 0 for the others; None where none was.
    """

    bounds: Sequence[int]
    tokens: Sequence[int]
    worth: Sequence[float]
    order: Sequence[int]
    must: frozenset[int]
    never_last: frozenset[int] = frozenset()
    counts: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class _Piece:
    unit: int
    end: int
    spare: bool


def cut_clauses(whole: Whole, spare: Sequence[tuple[int, int]], counter: Counter) -> Cut:
    """Cut units around clauses.

    Args:
        spare: Character ranges, each inside a unit, in order and apart. Those of units that must stay are left alone.
    """
    clauses: dict[int, list[tuple[int, int]]] = {}
    for start, end in spare:
        unit = bisect_right(whole.bounds, start) - 1
        if unit not in whole.must:
            clauses.setdefault(unit, []).append((start, end))
    if not clauses:
        return Cut(whole.bounds, whole.tokens, whole.worth, whole.order, whole.must)
    pieces = _pieces(whole.bounds, clauses)
    bounds = [whole.bounds[0], *(piece.end for piece in pieces)]
    tokens = counter.split(whole.text, bounds)
    last_kept = {piece.unit: at for at, piece in enumerate(pieces) if not piece.spare}
    of_clauses = [_LATER * size / max(1, whole.tokens[p.unit]) for p, size in zip(pieces, tokens, strict=True)]
    worth = [whole.worth[piece.unit] * share * piece.spare for piece, share in zip(pieces, of_clauses, strict=True)]
    for unit, at in last_kept.items():
        worth[at] = whole.worth[unit]
    for at, piece in enumerate(pieces):
        if piece.spare:
            worth[last_kept[piece.unit]] -= worth[at]
    return Cut(
        bounds,
        tokens,
        worth,
        _ordered(whole, pieces),
        frozenset(at for at, piece in enumerate(pieces) if piece.unit in whole.must),
        frozenset(at for at, piece in enumerate(pieces) if not piece.spare and last_kept[piece.unit] != at),
        [int(last_kept[piece.unit] == at) for at, piece in enumerate(pieces)],
    )


def _pieces(bounds: Sequence[int], clauses: Mapping[int, Sequence[tuple[int, int]]]) -> list[_Piece]:
    pieces = []
    for unit in range(len(bounds) - 1):
        at = bounds[unit]
        for start, end in clauses.get(unit, ()):
            if start > at:
                pieces.append(_Piece(unit, start, spare=False))
            pieces.append(_Piece(unit, end, spare=True))
            at = end
        if at < bounds[unit + 1]:
            pieces.append(_Piece(unit, bounds[unit + 1], spare=False))
    return pieces


def _ordered(whole: Whole, pieces: Sequence[_Piece]) -> list[int]:
    """Units in their order; a clause behind its unit, where a unit of its share of the score would be."""
    rank = {unit: place for place, unit in enumerate(whole.order)}
    falling = [-score for score in sorted(whole.scores, reverse=True)]

    def place(piece: _Piece) -> float:
        own = rank[piece.unit]
        if not piece.spare:
            return own
        return max(own, bisect_right(falling, -_LATER * whole.scores[piece.unit]) - 1) + 0.5

    return sorted(range(len(pieces)), key=lambda at: place(pieces[at]))
