"""Which words of a source are still in a shortened form of it.

Runs of words that occur once in the source anchor the two texts to each other; between two anchors the search goes on
with shorter runs (the idea of patience diff, over word n-grams). Markers and words of the output's own match nothing.
A word of the output accounts for at most one word of the source, so nothing is gained by repeating.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from re import compile as pattern

from sparing.evals.units import o200k

_WORD = pattern(r"\S+")
_RUNS = (8, 4, 2)  # lengths of anchoring runs in words, longest first

Range = tuple[int, int, int, int]  # source words [a, b) against output words [c, d)


@dataclass(frozen=True)
class Words:
    """A text as words: `starts[i]` is the offset of word i, `tokens[i]` its o200k tokens, space after it included."""

    text: tuple[str, ...]
    starts: tuple[int, ...]
    tokens: tuple[int, ...]

    def within(self, start: int, end: int) -> range:
        """Indexes of the words that begin in characters [start, end)."""
        return range(bisect_left(self.starts, start), bisect_left(self.starts, end))


@lru_cache(maxsize=64)
def words(text: str) -> Words:
    """Cut `text` at white space. Cached: the same source is scored for many methods."""
    found = list(_WORD.finditer(text))
    starts = tuple(match.start() for match in found)
    cuts = (*starts, len(text))
    return Words(tuple(match.group() for match in found), starts, tuple(o200k().split(text, cuts)))


def kept_words(source: Words, output: str) -> bytearray:
    """One flag per word of the source: 1 where the output still has it, in its place."""
    target = _WORD.findall(output)
    kept = bytearray(len(source.text))
    ranges: list[Range] = [(0, len(source.text), 0, len(target))]
    for level, run in enumerate(_RUNS):
        last = level == len(_RUNS) - 1
        rest: list[Range] = []
        for part in ranges:
            matches = _matches(source.text, target, part, run, in_order=last)
            for at, _, length in matches:
                kept[at : at + length] = b"\1" * length
            rest.extend(_between(part, matches))
        ranges = rest
    return kept


Match = tuple[int, int, int]  # source word, output word, number of words


def _matches(source: Sequence[str], target: Sequence[str], part: Range, run: int, *, in_order: bool) -> list[Match]:
    """Runs of at least `run` equal words, in output order.

    A run has to occur once in the source range, or, with `in_order`, is taken at its next occurrence.
    """
    a, b, c, d = part
    places: dict[tuple[str, ...], list[int]] = {}
    for i in range(a, b - run + 1):
        places.setdefault(tuple(source[i : i + run]), []).append(i)
    matches: list[Match] = []
    at, next_source = c, a
    while at <= d - run:
        found = places.get(tuple(target[at : at + run]), ())
        start = _choose(found, next_source, in_order=in_order)
        if start < 0:
            at += 1
            continue
        match = _extend(source, target, (start, at, run), part, matches[-1] if matches else None)
        matches.append(match)
        at = match[1] + match[2]
        next_source = match[0] + match[2]
    return matches


def _choose(found: Sequence[int], next_source: int, *, in_order: bool) -> int:
    if in_order:
        index = bisect_left(found, next_source)
        return found[index] if index < len(found) else -1
    return found[0] if len(found) == 1 else -1


def _extend(source: Sequence[str], target: Sequence[str], match: Match, part: Range, before: Match | None) -> Match:
    a, b, c, d = part
    i, j, length = match
    floor = before[1] + before[2] if before else c
    while i > a and j > floor and source[i - 1] == target[j - 1]:
        i, j, length = i - 1, j - 1, length + 1
    while i + length < b and j + length < d and source[i + length] == target[j + length]:
        length += 1
    return i, j, length


def _between(part: Range, matches: Sequence[Match]) -> list[Range]:
    """What lies between neighbouring matches; nothing where the output has changed the order of the source."""
    a, b, c, d = part
    gaps: list[Range] = []
    for i, j, length in matches:
        if i > a and j > c:
            gaps.append((a, i, c, j))
        a, c = i + length, j + length
    if b > a and d > c:
        gaps.append((a, b, c, d))
    return gaps
