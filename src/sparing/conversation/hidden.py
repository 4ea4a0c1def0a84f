"""Which stretches of a text were left out of what was sent, as sorted character ranges that do not touch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sparing.core.ladder import Elision

Range = tuple[int, int]


def ranges_of(elisions: Iterable[Elision]) -> list[Range]:
    """What these elisions leave out."""
    return [(elision.start, elision.end) for elision in elisions]


def not_in(ranges: Sequence[Range], others: Sequence[Range]) -> list[Range]:
    """The parts of `ranges` that are in none of `others`."""
    rest: list[Range] = []
    k = 0
    for start, end in ranges:
        while k < len(others) and others[k][1] <= start:
            k += 1
        i = k
        while i < len(others) and others[i][0] < end:
            if others[i][0] > start:
                rest.append((start, others[i][0]))
            start = max(start, others[i][1])
            i += 1
        if start < end:
            rest.append((start, end))
    return rest
