"""The ladder of phrases: what was said, cut into pieces that can stand alone, a mark of one token between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sparing.core.ladder import Rendition, Skip
from sparing.core.reducer import Ask
from sparing.reducers.choice import pinned
from sparing.reducers.packing import PackedLadder, Rungs
from sparing.reducers.turn_order import order_pieces
from sparing.reducers.turn_pieces import Pieces, cut_turns
from sparing.reducers.units import Units, assemble, unit_ladder

_MARK = "…"  # one token of o200k_base, with a blank before it or a line break after it
_GAP_TOKENS = 1

Chosen = Callable[[Pieces], tuple[frozenset[int], Sequence[float] | None]]
"""Which pieces must stay, and a factor on the worth of each piece (None: all alike)."""


@dataclass(frozen=True)
class PhraseLadder:
    """Rungs on which nobody is named, then rungs on which every line begins with its speaker. See `core.ladder.Ladder`.

    Attributes:
        labels: The pieces that name a speaker.
    """

    base: PackedLadder
    labels: frozenset[int]

    @property
    def units(self) -> Units:
        return self.base.base.units

    @property
    def reducer(self) -> str:
        return self.base.reducer

    @property
    def tokens(self) -> Sequence[int]:
        return self.base.tokens

    @property
    def worth(self) -> Sequence[float]:
        return self.base.worth

    def render(self, rung: int) -> Rendition:
        """Kept phrases in source order, a mark for each gap.

        The text itself where marks in place of a few letters would make it longer.
        """
        units = self.units
        kept = self.base.kept(rung)
        text, elisions = assemble(units, [*kept, *self._closing(kept)])
        if len(text.encode("utf-8", "replace")) > len(units.text.encode("utf-8", "replace")):
            text, elisions = units.text, ()
        return Rendition(text, self.tokens[rung], self.worth[rung], units.unit, elisions, self.reducer)

    def _closing(self, kept: Sequence[int]) -> Iterator[int]:
        """Pieces between two kept ones that cost no more than the mark in their place."""
        tokens = self.units.tokens or ()
        is_kept = bytearray(len(tokens) + 2)
        is_kept[0] = is_kept[-1] = 1  # the ends of the text
        for piece in kept:
            is_kept[piece + 1] = 1
        gap = is_kept.find(b"\1\0\1")
        while gap >= 0:
            if tokens[gap] <= _GAP_TOKENS and gap not in self.labels:
                yield gap
            gap = is_kept.find(b"\1\0\1", gap + 2)


def phrase_ladder(text: str, ask: Ask, reducer: str, choose: Chosen | None = None) -> PhraseLadder | Skip:
    """One rung per phrase, those that tell most per token first; whatever holds a pin stays on every rung.

    Raises:
        DeadlineExceeded: The time was up first.
    """
    ask.deadline.check()
    if not text.strip():
        return Skip("blank")
    if "\0" in text:
        return Skip("binary")
    pieces = cut_turns(text)
    ask.deadline.check()
    stay, relevance = choose(pieces) if choose else (frozenset[int](), None)
    stay |= pinned(text, pieces.bounds, ask.pins)
    tokens = ask.counter.split(text, _word_starts(text, pieces.bounds))
    order = order_pieces(pieces, tokens, _GAP_TOKENS, relevance)
    ask.deadline.check()
    first = [*filter(stay.__contains__, order.pieces)] if stay else []
    telling = [*first, *(piece for piece in order.pieces[: order.num_telling] if piece not in stay)]
    lines, num_lines = _with_speakers(telling, order.pieces, pieces.label_of)
    units = Units(
        text=text,
        bounds=pieces.bounds,
        worth=order.worth,
        unit="phrases",
        gap=lambda _: _MARK,
        gap_at=_gap_at(text, pieces.bounds),
        gap_tokens=_GAP_TOKENS,
        reducer=reducer,
        order=lines,
        must=stay,
        tokens=tokens,
    )
    labels = frozenset(pieces.labels)
    rungs = Rungs(unit_ladder(units, ask.counter), never_last=labels)
    rungs.pack(len(telling))
    rungs.add(len(telling))
    if num_lines > len(telling):
        rungs.leap(num_lines, [piece for piece in lines[num_lines:] if piece not in labels])
    rungs.pack(len(lines))
    rungs.add(len(lines))
    return PhraseLadder(rungs.ladder(), labels)


def _with_speakers(telling: Sequence[int], order: Sequence[int], label_of: Sequence[int]) -> tuple[list[int], int]:
    """The pieces that tell something, then the labels of their turns, then the rest, each turn after its label.

    Returns:
        All pieces, and how many the labels in the middle end with.
    """
    added = bytearray(len(order))
    for piece in telling:
        added[piece] = 1
    lines = list(telling)
    for label in map(label_of.__getitem__, telling):
        if label >= 0 and not added[label]:
            added[label] = 1
            lines.append(label)
    num_lines = len(lines)
    for piece in order:
        label = label_of[piece]
        if label >= 0 and not added[label]:
            added[label] = 1
            lines.append(label)
        if not added[piece]:
            added[piece] = 1
            lines.append(piece)
    return lines, num_lines


def _word_starts(text: str, bounds: Sequence[int]) -> list[int]:
    """The bounds, before the blank where there is one: a token begins with its blank, and counts where it begins."""
    return [bound - (text[bound - 1 : bound] == " ") for bound in bounds[:-1]] + [bounds[-1]]


def _gap_at(text: str, bounds: Sequence[int]) -> Callable[[int, int], str]:
    """A mark that ends the line where a line ends in the gap: turns stay apart, and a mark seldom has its own line."""

    def gap(start: int, end: int) -> str:
        first, last = bounds[start], bounds[end]
        at_line_start = not first or text[first - 1] == "\n"
        breaks = text[last - 1] == "\n" or (not at_line_start and "\n" in text[first:last])
        return _MARK + ("\n" if breaks else " " if last < len(text) else "")

    return gap
