"""What is read at once: a passage, or the stretch of a longer one that fits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_SHORT_PIECES = 24  # a shorter passage is a heading or an item: it is read with what follows


@dataclass(frozen=True, slots=True)
class Window:
    """Units ``first`` up to but not including ``end``."""

    first: int
    end: int
    num_pieces: int


def windows(sizes: Sequence[int], passage_of: Sequence[int], room: int) -> list[Window]:
    """Cut a text into windows, in order, of at most `room` pieces each; a unit above that is a window alone.

    Args:
        sizes: Pieces of each unit.
        passage_of: Passage of each unit, never falling.
    """
    return [window for start, end in _passages(sizes, passage_of) for window in _packed(sizes, start, end, room)]


def _passages(sizes: Sequence[int], passage_of: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where passages begin and end, short ones joined with the next."""
    start = end = 0
    while end < len(sizes):
        end = bisect_right(passage_of, passage_of[end], end)
        if sum(sizes[start:end]) >= _SHORT_PIECES or end == len(sizes):
            yield start, end
            start = end


def _packed(sizes: Sequence[int], start: int, end: int, room: int) -> Iterator[Window]:
    """Windows of about equal length: the last is no crumb."""
    total = sum(sizes[start:end])
    aim = min(room, -(-total // max(1, -(-total // room))))
    first, held = start, 0
    for unit in range(start, end):
        if unit > first and (held + sizes[unit] > room or held >= aim):
            yield Window(first, unit, held)
            first, held = unit, 0
        held += sizes[unit]
    if end > first:
        yield Window(first, end, held)
