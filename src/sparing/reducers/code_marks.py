"""How what is left out of source code reads."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sparing.reducers.code_parts import DOC, FOLD, HEAD, NOTES, Layout

_NUMBER = r"[ \t]*\d+(?:→|\t|: ?|\| ?)"
_NUMBERED_ROWS = re.compile(rf"(?:{_NUMBER}.*\n?){{3}}")
_NUMBER_AT_START = re.compile(_NUMBER)
_NUMBERS = re.compile(rf"^{_NUMBER}", re.MULTILINE)
_NOTE_INDENT = re.compile(r"([ \t]*(?:\*(?!/)|//[/!]?|#+)?[ \t]*)")


def without_row_numbers(text: str) -> str:
    """The text as it was before a viewer numbered its rows (``12→``, ``12:``, ``12|``), row for row."""
    return _NUMBERS.sub("", text) if _NUMBERED_ROWS.match(text) else text


@dataclass(frozen=True)
class Markers:
    """How a gap reads: a comment of the language, indented like the first row left out.

    Attributes:
        comment: What opens a comment.
        suites: A body that is gone needs a statement in its place (``...`` in Python).
    """

    comment: str
    suites: bool

    @property
    def sample(self) -> str:
        """A marker of common length, to estimate costs by."""
        return f"        {'...  ' if self.suites else ''}{self.comment} … 12 lines\n"

    def of(self, layout: Layout, first: int, end: int) -> str:
        """Marker for runs ``first`` to ``end`` (one past the last)."""
        num_rows = layout.rows[end] - layout.rows[first]
        words = f"… {num_rows} line{'s' if num_rows > 1 else ''}\n"
        part = layout.parts[layout.owners[first]]
        row = self._first_row(layout, first, end)
        if part.kind == NOTES:
            opening = _NOTE_INDENT.match(row)
            return f"{opening[0] if opening else ''}{words}"
        indent = row[: len(row) - len(row.lstrip(" \t"))]
        return f"{indent}{'...  ' if self._needs_statement(layout, first, indent) else ''}{self.comment} {words}"

    def _needs_statement(self, layout: Layout, first: int, indent: str) -> bool:
        if not (self.suites and indent):
            return False
        part = layout.parts[layout.owners[first]]
        if part.entry >= 0 and layout.entries[part.entry].kind != "block" and part.kind in (FOLD, DOC, HEAD):
            return True
        before = layout.text.rfind("\n", 0, max(layout.bounds[first] - 1, 0)) + 1
        return layout.text[before : layout.bounds[first]].rstrip().endswith(":")

    @staticmethod
    def _first_row(layout: Layout, first: int, end: int) -> str:
        """The first row of the gap that is not blank, without the number a viewer put before it."""
        at, stop = layout.bounds[first], layout.bounds[end]
        row = ""
        while at < stop and not row.strip():
            line_end = layout.text.find("\n", at, stop) + 1 or stop
            row = layout.text[at:line_end]
            at = line_end
        number = _NUMBER_AT_START.match(row)
        return row[number.end() :] if number else row
