"""Neighbours that were found are read in one piece, and a passage cut in mid-sentence with what it was cut from."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from sparing.core.content import Content
from sparing.core.passage import Passage

_MOST_PARTS = 6  # a piece is something to choose or leave, not the document again
_FLOWING = frozenset({Content.PROSE, Content.MARKDOWN})
_BEGINS_INSIDE = re.compile(r"\s*(?:[a-z]|[,;)\]])")
_ENDS_WHOLE = re.compile(r"[.!?…:。！？।؟][\"'”’)\]»*_]*\s*$|\n\s*$")
_RANGE = re.compile(r"(\w+) (\d+)(?:-(\d+))?")


@dataclass(frozen=True, slots=True)
class Piece:
    """One or more adjoining passages of a document.

    Attributes:
        parts: In the document's order; those that were not found themselves are there to be read with the others.
        passage: All of them as one: id and digest are the best part's, position the first's.
    """

    parts: tuple[Passage, ...]
    passage: Passage


def stitch(found: Sequence[Passage], around: Callable[[Passage], Sequence[Passage]]) -> list[Piece]:
    """Every found passage in exactly one piece, in the order of each piece's best.

    Args:
        found: Best first.
        around: A passage's neighbours that the caller may read, itself included.
    """
    parts = {(p.source, p.position): p for passage in found for p in (passage, *_completing(passage, around))}
    place = {(p.source, p.position): rank for rank, p in enumerate(found)}
    pieces = []
    for run in _runs(sorted(parts.values(), key=lambda p: (p.source, p.position))):
        ranks = {key: place[key] for p in run if (key := (p.source, p.position)) in place}
        if ranks:
            pieces.append((min(ranks.values()), _joined(run, found[min(ranks.values())])))
    return [piece for _, piece in sorted(pieces, key=lambda ranked: ranked[0])]


def _completing(passage: Passage, around: Callable[[Passage], Sequence[Passage]]) -> list[Passage]:
    """The neighbours that hold the rest of the sentence that a passage begins or ends in."""
    if passage.content not in _FLOWING:
        return []
    before = bool(_BEGINS_INSIDE.match(passage.text)) and passage.position > 0
    after = not _ENDS_WHOLE.search(passage.text)
    if not before and not after:
        return []
    steps = {-1} if before else set()
    steps |= {1} if after else set()
    return [p for p in around(passage) if p.position - passage.position in steps]


def _runs(ordered: Sequence[Passage]) -> list[list[Passage]]:
    runs: list[list[Passage]] = []
    for passage in ordered:
        last = runs[-1][-1] if runs else None
        if last is not None and _adjoin(last, passage) and len(runs[-1]) < _MOST_PARTS:
            runs[-1].append(passage)
        else:
            runs.append([passage])
    return runs


def _adjoin(one: Passage, next_one: Passage) -> bool:
    return (
        one.source == next_one.source
        and one.position + 1 == next_one.position
        and one.content is next_one.content
        and one.heads == next_one.heads
    )


def _joined(run: Sequence[Passage], best: Passage) -> Piece:
    if len(run) == 1:
        return Piece((run[0],), run[0])
    text = run[0].text + "".join(_more(one, other) for one, other in pairwise(run))
    first, last = run[0], run[-1]
    whole = replace(
        best, position=first.position, text=text, place=_place(first.place, last.place), start=first.start, end=last.end
    )
    return Piece(tuple(run), whole)


def _more(one: Passage, other: Passage) -> str:
    """What the second adds to the first: without what both have, with a line end for the blank that neither has."""
    shared = one.end - other.start
    if shared > 0:
        return other.text[shared:]
    return other.text if shared == 0 else f"\n{other.text}"


def _place(first: str, last: str) -> str:
    """``lines 3-5`` and ``lines 6-9`` are ``lines 3-9``."""
    a, b = _RANGE.fullmatch(first), _RANGE.fullmatch(last)
    if a and b and a[1].rstrip("s") == b[1].rstrip("s"):
        return f"{a[1].rstrip('s')}s {a[2]}-{b[3] or b[2]}" if a[2] != (b[3] or b[2]) else first
    return first if first == last or not last else f"{first} to {last}" if first else last
