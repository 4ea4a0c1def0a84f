"""Some pieces of an answer put together so that no seam is seen, but in lists and tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sparing.core.ladder import Elision
from sparing.reducers.answer_parts import ITEM, Part, Piece

GAP = "…"
_MARKED_CHARS = 12  # what is shorter is not worth its mark


def put_together(text: str, pieces: Sequence[Piece], kept: Collection[int]) -> tuple[str, tuple[Elision, ...]]:
    """The answer with only these pieces, each byte for byte, between them blanks that stood between them; and what it
    leaves out."""
    shown = {at for at in range(len(pieces)) if at in kept or _parts_what_stays(pieces, at, kept)}
    groups = {pieces[at].group for at in shown} - {-1}
    marks: dict[int, str] = {}
    for start, end in list(_runs(len(pieces), shown)):
        own = dict(_marks(text, pieces, range(start, end), groups))
        if own and pieces[end - 1].end - pieces[start].start <= _MARKED_CHARS * len(own):
            shown.update(range(start, end))
        else:
            marks.update(own)
    if len(shown) == len(pieces):
        return text, ()
    elements = sorted([*((at, text[pieces[at].start : pieces[at].end]) for at in shown), *marks.items()])
    parts = [text[: pieces[0].start] if elements and elements[0][0] == 0 else ""]
    before = -1
    for at, said in elements:
        parts += (_blanks(text, pieces, before, at) if before >= 0 else "", said)
        before = at
    elisions = (Elision(pieces[a].start, pieces[b - 1].end, b - a) for a, b in _runs(len(pieces), shown))
    return "".join((*parts, text[pieces[-1].end :])), tuple(elisions)


def _parts_what_stays(pieces: Sequence[Piece], at: int, kept: Collection[int]) -> bool:
    """Whether it is a line across between two pieces that stay."""
    return pieces[at].part is Part.RULE and at - 1 in kept and at + 1 in kept


def _runs(size: int, shown: Collection[int]) -> Iterator[tuple[int, int]]:
    """Each stretch of pieces that are left out."""
    start = 0
    for at in (*sorted(shown), size):
        if start < at:
            yield start, at
        start = at + 1


def _marks(
    text: str, pieces: Sequence[Piece], run: Sequence[int], groups: Collection[int]
) -> Iterator[tuple[int, str]]:
    """What stands in place of items and rows whose list or table goes on: one sign for each list."""
    marked: set[int] = set()
    for at in run:
        piece = pieces[at]
        if piece.group in groups and piece.group not in marked:
            marked.add(piece.group)
            sign = ITEM.match(text, piece.start, piece.end)
            indentation = text[piece.start : piece.end].partition("|")[0]
            yield at, f"{sign[0]}{GAP}" if sign else f"{indentation}| {GAP} |"


def _blanks(text: str, pieces: Sequence[Piece], before: int, at: int) -> str:
    """What stands between two pieces: the most line breaks of all that stood there, and the second's indentation."""
    gaps = [text[pieces[one].end : pieces[one + 1].start] for one in range(before, at)]
    widest = max(gaps, key=lambda gap: gap.count("\n"))
    if "\n" not in widest:
        return gaps[-1]
    indentation = gaps[-1].rpartition("\n")[2] if "\n" in gaps[-1] else ""
    return widest[: widest.rindex("\n") + 1] + indentation
