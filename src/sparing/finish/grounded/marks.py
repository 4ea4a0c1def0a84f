"""Citations in an answer: ``[1]``, ``[2, 3]``, ``[1-3]``, ``[1][2]``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(r"\[\s*(\d{1,3}(?:\s*(?:,|;|-|–|and)\s*\d{1,3}){0,15})\s*\](?![(\[:])")
_RANGE = re.compile(r"(\d+)(?:\s*[-–]\s*(\d+))?")
_MOST = 50  # of a range: [1-900] cites nothing


@dataclass(frozen=True, slots=True)
class Mark:
    """One bracket of an answer.

    Attributes:
        start: First character, blanks before it not counted.
        end: Character after the last.
        numbers: Passages, in the order written, each once.
    """

    start: int
    end: int
    numbers: tuple[int, ...]


def marks(answer: str, start: int = 0, end: int | None = None) -> list[Mark]:
    """The citations between two characters of an answer. A Markdown link such as ``[1](x)`` is none."""
    stop = len(answer) if end is None else end
    # What follows a bracket tells a link from a citation, so it may lie beyond the end.
    found = (match for match in _MARK.finditer(answer, start) if match.end() <= stop)
    return [Mark(match.start(), match.end(), _numbers(match[1])) for match in found]


def without_marks(text: str) -> str:
    """The text as it reads without its citations."""
    return re.sub(rf"[ \t]*{_MARK.pattern}", "", text)


def _numbers(inside: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for first, last in _RANGE.findall(inside):
        low, high = int(first), int(last or first)
        numbers += range(low, high + 1) if 0 <= high - low < _MOST else (low, high)
    return tuple(dict.fromkeys(numbers))
