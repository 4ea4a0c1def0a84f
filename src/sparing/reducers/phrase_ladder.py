"""The ladder of phrases: what was said, cut into pieces that can stand alone, a mark of one token between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sparing.core.ladder import Rendition, Skip
from sparing.core.reducer import Ask
from sparing.reducers.choice import pinned
from sparing.reducers.packing import PackedLadder, packed_ladder
from sparing.reducers.turn_order import order_pieces
from sparing.reducers.turn_pieces import Pieces, cut_turns
from sparing.reducers.units import Units

_MARK = "…"  # one token of o200k_base, with a blank before it or a line break after it
_GAP_TOKENS = 1

Chosen = Callable[[Pieces], tuple[frozenset[int], Sequence[float] | None]]
"""Which pieces must stay, and a factor on the worth of each piece (None: all alike)."""


@dataclass(frozen=True)
class PhraseLadder:
    """The rungs of another ladder; the text itself where marks in place of a few letters would make it longer."""

    base: PackedLadder

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
        """Kept phrases in source order, a mark for each gap."""
        rendition = self.base.render(rung)
        if len(rendition.text.encode("utf-8", "replace")) <= len(self.base.base.units.text.encode("utf-8", "replace")):
            return rendition
        return self.base.render(len(self.tokens) - 1)


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
    stay |= {piece for piece in pieces.ends() if {piece - 1, piece + 1} <= stay}
    tokens = ask.counter.split(text, _word_starts(text, pieces.bounds))
    order = order_pieces(pieces, tokens, _GAP_TOKENS, relevance)
    ask.deadline.check()
    units = Units(
        text=text,
        bounds=pieces.bounds,
        worth=order.worth,
        unit="phrases",
        gap=lambda _: _MARK,
        gap_at=_gap_at(text, pieces.bounds),
        gap_tokens=_GAP_TOKENS,
        reducer=reducer,
        order=order.pieces,
        must=stay,
        tokens=tokens,
    )
    return PhraseLadder(packed_ladder(units, ask.counter))


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
