"""Units of a text packed into chunks: about 250 tokens each, broken where the text itself breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from sparing.core.content import Content
from sparing.core.passage import Chunk

# Sizes are bytes of UTF-8: about four to a token in every script, and counted at the speed of a copy.
TARGET_BYTES = 1000
MOST_BYTES = 1600  # a whole paragraph, row or definition may take a chunk to here
LEAST_BYTES = 500  # a chunk as long as this ends where the next unit would take it beyond its target
SMALL_BYTES = 200  # a section, or the rest of one, that is shorter does not stand alone where it need not
_MOST_UNITS = 2000  # of a section that are looked at together

GLUED, INSIDE, BLOCK, SECTION = range(4)
"""How strong the break before a unit is: none (after a heading), inside of a paragraph, between, before a section."""


class Unit(NamedTuple):
    """A stretch of a text that a chunk holds whole.

    Attributes:
        heads: What stands above it, outermost first.
        strength: Of the break before it.
    """

    start: int
    end: int
    heads: tuple[str, ...] = ()
    strength: int = BLOCK


Sized = tuple[Unit, int]
Place = Callable[[int, int, Unit], str]


def pack(text: str, units: Iterable[Unit], content: Content, place: Place) -> Iterator[Chunk]:
    """Chunks of consecutive units, in order; what two units leave between them is blank.

    Sections that fit are whole; small ones that stand beside each other share a chunk.

    Args:
        units: In order, disjoint, not blank.
        place: Of a chunk's range and its first unit.
    """
    size_of = _sizer(text)
    for held in _packed((unit, size_of(unit.start, unit.end)) for unit in units):
        first, start, end = held[0], held[0].start, held[-1].end
        heads = "\n".join(head for head in first.heads if head)
        yield Chunk(start, end, heads, place(start, end, first), content)


def _packed(units: Iterable[Sized]) -> Iterator[list[Unit]]:
    """The units of each chunk."""
    held: list[Sized] = []
    size = 0
    for section in _sections(units):
        added = _size(section)
        is_bare = len(held) == 1 and size < SMALL_BYTES  # a heading that another follows
        joins = min(size, added) < SMALL_BYTES and size + added <= TARGET_BYTES
        if held and not (is_bare or joins):
            yield from _split(held)
            held, size = [], 0
        held += section
        size += added
    yield from _split(held)


def _sections(units: Iterable[Sized]) -> Iterator[list[Sized]]:
    """Units between breaks of sections; what has none is handed on in parts, to bound the memory."""
    section: list[Sized] = []
    for sized in units:
        if section and (sized[0].strength >= SECTION or (len(section) >= _MOST_UNITS and sized[0].strength > GLUED)):
            yield section
            section = []
        section.append(sized)
    if section:
        yield section


def _split(section: Sequence[Sized]) -> Iterator[list[Unit]]:
    """Parts of a section that a chunk can hold: all of it, or about as much as a chunk aims for, the rest not small."""
    if not section:
        return
    parts: list[list[Unit]] = [[]]
    size, left = 0, _size(section)
    fits = left <= MOST_BYTES
    for (unit, added), whole in zip(section, _wholes(section), strict=True):
        if not fits and size and _breaks(size, added, whole, unit.strength) and left >= SMALL_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(unit)
        size += added
        left -= added
    yield from parts


def _breaks(size: int, added: int, whole: int, strength: int) -> bool:
    """Whether a chunk of `size` bytes ends before a unit of `added`; from there on its paragraph has `whole`."""
    if strength == GLUED:
        return False
    if size >= LEAST_BYTES:
        return size + (whole if strength >= BLOCK else added) > TARGET_BYTES
    return size + added > MOST_BYTES


def _wholes(section: Sequence[Sized]) -> list[int]:
    """For each unit the size of what is left of its paragraph from there on."""
    wholes = [0] * len(section)
    after = 0
    for place in range(len(section) - 1, -1, -1):
        unit, size = section[place]
        wholes[place] = after + size
        after = wholes[place] if unit.strength <= INSIDE else 0
    return wholes


def _size(units: Iterable[Sized]) -> int:
    return sum(size for _, size in units)


def _sizer(text: str) -> Callable[[int, int], int]:
    if text.isascii():
        return lambda start, end: end - start
    return lambda start, end: len(text[start:end].encode("utf-8", "surrogatepass"))
