"""Forms: a log template as one example line and the columns of values in which its other lines differ.

The lines of a form say no more than the example and their values, so writing the values alone loses nothing. Which
parts of the example are values is said by listing them once; `find_values` finds them again by a rule that reads left
to right, and a form is only made where that rule finds exactly the right places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sparing.reducers.log_columns import Slot, fronts, is_clock, slots_of
from sparing.reducers.templates import GLUE, mask

ECHO_LEN = 6
"""A value of this many characters or more that stands again elsewhere in the example is the same value there."""

_MAX_VALUES = 32


@dataclass(frozen=True, slots=True)
class Form:
    """A template in columns.

    Attributes:
        values: The example's values, left to right.
        rows: Values per line of the form, parallel to `values`; row 0 is the example.
        places: What stands before each value in the example, numbers masked: two forms share a place when this agrees.
        clocks: For the places of times of day the lengths of their fronts, longest first.
    """

    values: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    places: tuple[str, ...]
    clocks: Mapping[str, tuple[int, ...]]


def form_of(lines: Sequence[str], separator: str = " ") -> Form | None:
    """The form of glued lines (see `templates.glue`), or None where columns cannot be told apart.

    Args:
        separator: What stands between words.
    """
    slots = slots_of(lines, separator)
    if slots is None or len(slots) > _MAX_VALUES:
        return None
    example = lines[0].replace(GLUE, " ")
    kept, echoes = _without_echoes(slots)
    named = _named_apart(example, kept)
    values = tuple([slot.column[0] for slot in named])
    for slot, starts in zip(named, find_values(example, values) or [[]], strict=False):
        if starts[:1] != [slot.start] or starts[1:] != echoes.get(slot.start, starts[1:]):
            return None
    rows = list(zip(*(slot.column for slot in named), strict=True)) if named else [()] * len(lines)
    places = tuple([mask(example[: slot.start]) for slot in named])
    clocks = {place: fronts(value) for place, value in zip(places, values, strict=True) if is_clock(value)}
    return Form(values, rows, places, clocks)


def find_values(line: str, values: Sequence[str]) -> list[list[int]] | None:
    """Where each of `values` stands in the example `line`: offsets of its place and its echoes; None if one is missing.

    A value stands at the first place after the one before it where it does not begin or end inside a longer number or
    word and is no echo. A value that is listed twice has no echoes.
    """
    taken: list[tuple[int, int]] = []
    found: list[list[int]] = []
    at = 0
    for value in values:
        start = _find(line, value, at, taken)
        if start < 0:
            return None
        found.append(_take(line, value, start, taken, echoes=values.count(value) == 1))
        at = start + len(value)
    return found


def _find(line: str, value: str, at: int, taken: Sequence[tuple[int, int]]) -> int:
    while (start := line.find(value, at)) >= 0:
        end = start + len(value)
        if not (_splits(line, start) or _splits(line, end)) and all(end <= a or b <= start for a, b in taken):
            return start
        at = start + 1
    return -1


def _take(line: str, value: str, start: int, taken: list[tuple[int, int]], *, echoes: bool) -> list[int]:
    """Mark `value` at `start`, and its echoes if it has any, as taken; return their offsets."""
    starts = [start]
    taken.append((start, start + len(value)))
    if echoes and len(value) >= ECHO_LEN:
        while (start := _find(line, value, start + len(value), taken)) >= 0:
            starts.append(start)
            taken.append((start, start + len(value)))
    return starts


def _splits(line: str, at: int) -> bool:
    """Whether a cut at `at` goes through a number or a word."""
    if not 0 < at < len(line):
        return False
    before, after = line[at - 1], line[at]
    return (before.isdigit() and after.isdigit()) or (before.isalpha() and after.isalpha())


def _without_echoes(slots: Sequence[Slot]) -> tuple[list[Slot], dict[int, list[int]]]:
    """Slots without those that always repeat an earlier one; and where each long one is repeated, by its start."""
    same: dict[str, list[Slot]] = {}
    for slot in slots:
        same.setdefault(slot.column[0], []).append(slot)
    echoes: dict[int, list[int]] = {}
    dropped: set[int] = set()
    for value, (first, *others) in same.items():
        if len(value) >= ECHO_LEN and all(other.column == first.column for other in others):
            echoes[first.start] = [other.start for other in others]
            dropped.update(echoes[first.start])
    return [slot for slot in slots if slot.start not in dropped], echoes


def _named_apart(example: str, slots: Sequence[Slot]) -> list[Slot]:
    """The slots, with the unchanging values put in between that `find_values` would otherwise take for them."""
    listed = [slot.column[0] for slot in slots]
    named: list[Slot] = []
    taken: list[tuple[int, int]] = []
    at = 0
    for slot in slots:
        value = slot.column[0]
        once = listed.count(value) == 1
        while 0 <= (start := _find(example, value, at, taken)) < slot.start and len(named) < _MAX_VALUES:
            taken.append((start, start + len(value)))
            named.append(Slot(start, [value] * len(slot.column)))
            at = start + len(value)
        _take(example, value, slot.start, taken, echoes=once)
        named.append(slot)
        at = slot.start + len(value)
    return named
