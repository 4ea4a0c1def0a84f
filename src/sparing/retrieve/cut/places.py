"""Where a reader finds a chunk: its lines, its pages, or the heading that it stands under."""

from __future__ import annotations

from sparing.retrieve.cut.pack import Unit

_LONGEST = 80  # characters of a heading


class Lines:
    """``lines 10-24`` of texts whose lines are those of the source; within a long line its characters too.

    Asked in order, it counts each line once.
    """

    def __init__(self, text: str, line: int = 1) -> None:
        self._text = text
        self._at, self._line = 0, line

    def __call__(self, start: int, end: int, _first: Unit) -> str:
        self._line += self._text.count("\n", self._at, start)
        self._at = start
        last = self._line + self._text.count("\n", start, max(start, end - 1))
        if last > self._line:
            return f"lines {self._line}-{last}"
        begin = self._text.rfind("\n", 0, start) + 1
        if self._text[begin:start].isspace() or begin == start:
            stop = self._text.find("\n", end)
            if not self._text[end : stop if stop >= 0 else len(self._text)].strip():
                return f"line {last}"
        return f"line {last}, characters {start - begin + 1}-{end - begin}"


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
