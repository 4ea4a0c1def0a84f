"""The headings that a place in a text stands under."""

from __future__ import annotations

_LONGEST = 120  # characters of a heading
_DEEPEST = 6


class Outline:
    """The open headings while a text is read from its start."""

    def __init__(self, title: str = "") -> None:
        self._title = (title[:_LONGEST],) if title else ()
        self._open: list[tuple[int, str]] = []

    @property
    def heads(self) -> tuple[str, ...]:
        """Title and headings, outermost first."""
        return (*self._title, *(heading for _, heading in self._open))

    def enter(self, level: int, heading: str) -> tuple[str, ...]:
        """Open a heading; what stands above it, itself not included.

        Args:
            level: From 1; a heading closes all of its level and deeper ones.
        """
        while self._open and self._open[-1][0] >= level:
            self._open.pop()
        above = self.heads
        heading = " ".join(heading.split())[:_LONGEST]
        if heading not in self._title and len(self._open) < _DEEPEST:
            self._open.append((level, heading))
        return above
