"""Where a reader finds a chunk: its lines, its pages, or the heading that it stands under."""

from __future__ import annotations

from sparing.retrieve.cut.pack import Unit

_LONGEST = 80  # characters of a heading, and of blanks around what is called a whole line


class Lines:
    """``lines 10-24`` of texts whose lines are those of the source; within a long line its characters too.

    Asked in order, it looks at each line once.
    """

    def __init__(self, text: str, line: int = 1) -> None:
        self._text = text
        self._line, self._begin = line, 0
        self._end = self._end_of(0)

    def __call__(self, start: int, end: int, _first: Unit) -> str:
        self._go_to(start)
        first, begin = self._line, self._begin
        self._go_to(max(start, end - 1))
        if self._line > first:
            return f"lines {first}-{self._line}"
        if self._is_blank(begin, start) and self._is_blank(end, self._end):
            return f"line {first}"
        return f"line {first}, characters {start - begin + 1}-{end - begin}"

    def _go_to(self, at: int) -> None:
        """To the line that a character is in."""
        if at <= self._end:
            return
        self._line += self._text.count("\n", self._end, at)
        self._begin = self._text.rfind("\n", self._end, at) + 1
        self._end = self._end_of(at)

    def _end_of(self, at: int) -> int:
        end = self._text.find("\n", at)
        return len(self._text) if end < 0 else end

    def _is_blank(self, start: int, end: int) -> bool:
        return end - start <= _LONGEST and not self._text[start:end].strip()


class Pages:
    """``page 3`` of texts with a form feed at the end of each page."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at, self._page = 0, 1

    def __call__(self, start: int, end: int, _first: Unit) -> str:
        self._page += self._text.count("\f", self._at, start)
        self._at = start
        last = self._page + self._text.count("\f", start, max(start, end - 1))
        return f"page {last}" if last == self._page else f"pages {self._page}-{last}"


class Headings:
    """``§ Refunds`` of texts that have neither lines nor pages: the heading at the chunk's start, or the last above."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __call__(self, start: int, end: int, first: Unit) -> str:
        line = self._text[start:end].split("\n", 1)[0]
        own = line.lstrip("#").strip() if line.startswith("#") else ""
        heading = own or (first.heads[-1] if first.heads else "")
        heading = heading.removeprefix("§").strip()
        return f"§ {heading[:_LONGEST]}" if heading else ""
