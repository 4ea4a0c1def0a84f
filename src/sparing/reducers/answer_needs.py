"""Which pieces of an answer do not stand without which others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

from sparing.reducers.answer_parts import Part, Piece
from sparing.reducers.scope_cues import limits, qualifies

Needs = Sequence[Sequence[int]]
"""For each piece those that have to stay where it stays."""

_CITED = re.compile(r"\[\^?[\w.-]{1,24}\]")
_IN_LISTS = (Part.ITEM, Part.FIXED)
FRAMES = (Part.HEADING, Part.LEAD, Part.HEAD, Part.RULE, Part.SOURCE)
"""What stays only for what it stands over or beside."""


def needs_of(text: str, pieces: Sequence[Piece]) -> Needs:
    """The links of every piece; those of several hops are for `closed` to follow."""
    needs: list[set[int]] = [set() for _ in pieces]
    _headings(pieces, needs)
    _leads(pieces, needs)
    _lists(pieces, needs)
    _tables(pieces, needs)
    _sentences(text, pieces, needs)
    _sources(text, pieces, needs)
    return [sorted(of_one) for of_one in needs]


def closed(chosen: Iterable[int], needs: Needs, known: Collection[int]) -> list[int]:
    """These pieces and all that they need, in order, without those that are known already."""
    found: set[int] = set()
    waiting = list(chosen)
    while waiting:
        piece = waiting.pop()
        if piece not in found and piece not in known:
            found.add(piece)
            waiting.extend(needs[piece])
    return sorted(found)


def _headings(pieces: Sequence[Piece], needs: list[set[int]]) -> None:
    """Whatever stands under a heading needs it, and it the one over it."""
    over: list[int] = []
    for at, piece in enumerate(pieces):
        if piece.part is Part.HEADING:
            while over and pieces[over[-1]].level >= piece.level:
                over.pop()
        if over and piece.part is not Part.RULE:
            needs[at].add(over[-1])
        if piece.part is Part.HEADING:
            over.append(at)


def _leads(pieces: Sequence[Piece], needs: list[set[int]]) -> None:
    """What a line announces needs it: the list, the table, the code or the paragraph behind it."""
    for at, piece in enumerate(pieces[:-1]):
        if piece.part is not Part.LEAD:
            continue
        first = pieces[at + 1]
        for after in range(at + 1, len(pieces)):
            other = pieces[after]
            if other.block != first.block and not (first.part is Part.ITEM and other.part in _IN_LISTS):
                break
            if other.part is Part.HEADING:
                break
            needs[after].add(at)


def _lists(pieces: Sequence[Piece], needs: list[set[int]]) -> None:
    """An item needs the item that it is under; what an item goes on with, its beginning; a step all other steps."""
    over: list[int] = []
    steps: dict[int, list[int]] = {}
    own = -1
    for at, piece in enumerate(pieces):
        if piece.part is Part.ITEM:
            while over and pieces[over[-1]].level > piece.level:
                steps.pop(pieces[over.pop()].level, None)
            if over and pieces[over[-1]].level == piece.level:
                over.pop()
            if over:
                needs[at].add(over[-1])
            over.append(at)
            own = at
            _step(at, piece, steps, needs)
        elif own >= 0 and piece.block == pieces[own].block:
            needs[at].add(own)
        elif piece.part not in _IN_LISTS:
            over.clear()
            steps.clear()
            own = -1


def _step(at: int, piece: Piece, steps: dict[int, list[int]], needs: list[set[int]]) -> None:
    """Numbered items are steps: without one of them the others lead elsewhere."""
    if piece.number < 0:
        steps.pop(piece.level, None)
        return
    before = steps.setdefault(piece.level, [])
    if before:  # a ring: each needs the next, the last the first
        needs[before[-1]].discard(before[0])
        needs[before[-1]].add(at)
        needs[at].add(before[0])
    before.append(at)


def _tables(pieces: Sequence[Piece], needs: list[set[int]]) -> None:
    head = -1
    for at, piece in enumerate(pieces):
        if piece.part is Part.HEAD:
            head = at
        elif piece.part is Part.ROW and head >= 0 and piece.block == pieces[head].block:
            needs[at].add(head)


def _sentences(text: str, pieces: Sequence[Piece], needs: list[set[int]]) -> None:
    """A sentence that points back or limits needs the one before it in its paragraph, and a rule what limits it."""
    for at, (before, piece) in enumerate(pairwise(pieces), 1):
        if before.block != piece.block or piece.part not in (Part.SENTENCE, Part.LEAD):
            continue
        if qualifies(text, piece.start):
            needs[at].add(at - 1)
        if limits(text, piece.start):
            needs[at - 1].add(at)


def _sources(text: str, pieces: Sequence[Piece], needs: list[set[int]]) -> None:
    labelled = {piece.label: at for at, piece in enumerate(pieces) if piece.part is Part.SOURCE}
    if not labelled:
        return
    for at, piece in enumerate(pieces):
        if piece.part is not Part.SOURCE:
            cited = _CITED.findall(text, piece.start, piece.end)
            needs[at].update(labelled[label] for label in cited if label in labelled)
