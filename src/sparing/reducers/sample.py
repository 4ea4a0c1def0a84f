"""A bounded look at a text: its start, middle and end."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CHUNK = 4096  # characters at each of three places
_LINES = 150  # lines looked at, so that many short lines cost no more than few long ones
_LINE = 160  # characters of a line


@dataclass(frozen=True)
class Sample:
    """Up to three chunks of a text.

    Attributes:
        text: The chunks, joined by line breaks.
        lines: Their lines, without blank ones, cut to a bounded length, right-stripped.
    """

    text: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Sample:
        if len(text) > 3 * _CHUNK:
            middle = len(text) // 2
            head, tail = text[:_CHUNK], text[-_CHUNK:]
            text = "\n".join((_cut(head, "end"), _cut(text[middle : middle + _CHUNK], "both"), _cut(tail, "start")))
        lines = [line[:_LINE].rstrip() for line in text.split("\n") if line and not line.isspace()]
        step = -(-len(lines) // _LINES)  # every n-th, rounded up
        return cls(text, tuple(lines[:: step or 1]))

    def count(self, pattern: re.Pattern[str]) -> int:
        """Lines that the pattern matches at their start."""
        match = pattern.match
        return sum(1 for line in self.lines if match(line))

    def share(self, pattern: re.Pattern[str]) -> float:
        """The same as a share of all lines, 0..1."""
        return self.count(pattern) / len(self.lines) if self.lines else 0.0


def _cut(chunk: str, where: str) -> str:
    """The chunk without the broken line at its start, its end or both; all of it when little else would be left."""
    first = chunk.find("\n") + 1 if where != "end" else 0
    last = chunk.rfind("\n") if where != "start" else len(chunk)
    return chunk[first:last] if last - first > _CHUNK // 4 else chunk
