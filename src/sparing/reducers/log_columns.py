"""Where lines of one template differ: the values in their columns of words.

A column whose words differ in numbers only gives its numbers, those that are joined as one value; a time of day, an
address or a word of digits and letters is always whole. A column of names gives what is left of them without a front
and back that all have in common.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from itertools import repeat
from typing import NamedTuple

from sparing.reducers.templates import GLUE, NUMBER, mask

SEPARATOR = ","
"""Between the values of a row. No value contains it."""

_MAX_NUMBERS = 64  # in a word; of more nobody tells which is which
_DATE = r"\d{4}[-/.]\d\d[-/.]\d\d[-T_]"
_CLOCK = re.compile(
    rf"(?<![\d:.])(?:(?:{_DATE})?\d\d?:\d\d:\d\d|{_DATE}\d\d\.\d\d\.\d\d)(\.\d+|:\d{{3}})?(?![\d:])", re.A
)
_ADDRESS = r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"
_MIXED = (  # 431ms, 8.2s, 20021f01, a9f3c1: digits and letters that are one word
    r"(?<![A-Za-z\d.])(?:\d+(?:\.\d+)*[A-Za-z][A-Za-z\d]*|[a-fA-F]+\d[a-fA-F\d]{4,})(?![A-Za-z\d])"
)
_WHOLE = re.compile(f"{_CLOCK.pattern}|{_ADDRESS}|{_MIXED}", re.A)
_DIGITS = re.compile(r"[0-9]+")
_WORD_CHARACTERS = string.ascii_letters + string.digits + "_"
_ROOT = re.compile(r"(?:^|[^\w/.-])/$")  # the slash that a path begins with belongs to it
_JOINT = re.compile(r"[^0-9,\s]{1,3}")  # what may stand between the numbers of one value


class Slot(NamedTuple):
    """A value in the example and its counterparts in the other lines.

    Attributes:
        start: Offset in the example.
        column: One value per line of the form; the example's first.
    """

    start: int
    column: Sequence[str]


def slots_of(lines: Sequence[str], separator: str) -> list[Slot] | None:
    """The values in which these lines differ, left to right; None where their words do not line up."""
    words = [line.split(separator) for line in lines]
    if len(set(map(len, words))) > 1:
        return None
    slots: list[Slot] = []
    seen: dict[str, tuple[int, Sequence[str], Sequence[Slot]]] = {}
    start = 0
    for word, column in zip(words[0], zip(*words, strict=True), strict=True):
        if column.count(word) != len(column):
            before, same, found = seen.get(word, (0, (), None))
            if found is None or column != same:  # a host that all lines name twice is taken apart once
                found = _slots_of_word(start, word, column)
                if found is None:
                    return None
                before = start
                seen[word] = start, column, found
            slots += [Slot(slot.start - before + start, slot.column) for slot in found]
        start += len(word) + 1
    return slots


def _slots_of_word(start: int, word: str, column: Sequence[str]) -> list[Slot] | None:
    """The values in a column of words: its numbers where nothing else differs, else all but a common front and back."""
    if word.isdigit() and word.isascii() and "".join(column).isdigit():
        return [Slot(start, column)]
    joined = "\n".join(column)
    spans = [match.span() for match in NUMBER.finditer(word)]
    if not 0 < len(spans) <= _MAX_NUMBERS or len(set(mask("\n" + joined)[1:].split("\n"))) > 1:
        return _slot_of_name(start, column)
    if len(spans) == 1:
        (begin, end), size = spans[0], len(word)
        whole = _WHOLE.search(word)
        if whole and whole.start() <= begin < whole.end():
            begin, end = whole.span()
        return [Slot(start + begin, [other[begin : len(other) - size + end] for other in column])]
    numbers = (NUMBER if "-" in joined else _DIGITS).findall(joined)
    columns = [numbers[k :: len(spans)] for k in range(len(spans))]
    varies = [column.count(column[0]) != len(column) for column in columns]
    slots = []
    for first, last, begin, end in _runs(word, spans, varies):
        parts: list[Sequence[str] | repeat[str]] = [repeat(word[begin : spans[first][0]]), columns[first]]
        for k in range(first + 1, last + 1):
            parts += (repeat(word[spans[k - 1][1] : spans[k][0]]), columns[k])
        parts.append(repeat(word[spans[last][1] : end]))
        values = (
            list(map("".join, zip(*parts, strict=False)))
            if end - begin > spans[first][1] - spans[first][0]
            else columns[first]
        )
        slots.append(Slot(start + begin, values))
    return slots


def _runs(word: str, spans: Sequence[tuple[int, int]], varies: Sequence[bool]) -> list[tuple[int, int, int, int]]:
    """First and last number of each value, and where it begins and ends in the word.

    A value goes from a number that varies to the last one joined to it that does. A time of day, an address, or a word
    of digits and letters is one value as a whole, so that it reads alike in all rows.
    """
    whole = [match.span() for match in _WHOLE.finditer(word)]
    part_of = [next((w for w, (a, b) in enumerate(whole) if a <= begin < b), -1) for begin, _ in spans]
    runs: list[tuple[int, int]] = []
    for k, part in enumerate(part_of):
        if not varies[k] and part < 0:
            continue
        first, last = runs[-1] if runs else (-1, -1)
        joined = runs and all(_JOINT.fullmatch(word, spans[i][1], spans[i + 1][0]) for i in range(last, k))
        if part == part_of[first] and (joined or (runs and part >= 0)):
            runs[-1] = (first, k)
        else:
            runs.append((k, k))
    return [
        (first, last, *(whole[part_of[first]] if part_of[first] >= 0 else (spans[first][0], spans[last][1])))
        for first, last in runs
        if any(varies[first : last + 1])
    ]


def _slot_of_name(start: int, column: Sequence[str]) -> list[Slot] | None:
    """One value for words that differ in more than numbers, without the front and back that all have in common."""
    words = set(column)
    front = _common_front(words)
    if _ROOT.search(min(words)[:front]):
        front -= 1
    back = _common_front({word[front:][::-1] for word in words})
    values = [word[front : len(word) - back].replace(GLUE, " ") for word in column]
    if "" in values:
        front, values = 0, [word.replace(GLUE, " ") for word in column]
    mixed_clocks = is_clock(values[0]) and len(set(map(mask, values))) > 1
    if mixed_clocks or "" in values or any(SEPARATOR in value for value in values):
        return None
    return [Slot(start + front, values)]


def _common_front(words: set[str]) -> int:
    """Characters that all words begin with, up to the end of a punctuation mark."""
    low, high = min(words), max(words)  # what these two share, all between them do
    shared = next((k for k, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    return len(low[:shared].rstrip(_WORD_CHARACTERS)) if low[:shared].isascii() else 0


def clock_of(line: str) -> str:
    """The first time of day in a line to the second, with its date where they are one word; "" where there is none."""
    found = _CLOCK.search(line)
    return found[0].removesuffix(found[1] or "") if found else ""


def fronts(value: str) -> tuple[int, ...]:
    """Lengths of the fronts of a time of day that may be left out, longest first: 6 and 3 for ``18:01:47``."""
    return tuple([match.end() for match in _JOINT.finditer(value)][::-1])


def is_clock(value: str) -> bool:
    """Whether a value is a time of day."""
    return _CLOCK.fullmatch(value) is not None
