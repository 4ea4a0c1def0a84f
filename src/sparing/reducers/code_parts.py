"""Which part of a source file each of its rows belongs to: the skeleton, or something that can be folded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress, count, islice
from operator import ne
from typing import NamedTuple

from sparing.reducers.code_tree import Entry
from sparing.reducers.part_ladder import Runs, row_starts

# What may be left out, in the order in which an outline lets it back in.
HEAD = "head"  # a definition's header (decorators, signature, fields, closing line); the file's own statements
DOC = "doc"  # first line of a docstring or long comment, with its quotes (a file's own docstring: head)
FOLD = "fold"  # body of a function, type or table
NOTES = "notes"  # the rest of a docstring or long comment

_FOLD_CHARS = 80  # shorter bodies cost less than a marker saves
_BLOCK_CHARS = 200
_NOTES_CHARS, _NOTES_ROWS = 160, 3
_ATTRIBUTE_ROWS = 2  # rows (attributes, a blank line) that may stand between a comment and what it is about

_OPENING = re.compile(r"[ \t]*(?:/\*+!?|[rRuUbB]?(?:\"\"\"|'''))[ \t\r]*\n?")
_CLOSING = re.compile(r"[ \t]*(?:\*+/|\"\"\"|''')|.*(?:\*/|\"\"\"|''')[ \t\r]*\n?$")


class Part(NamedTuple):
    """Rows that come and go together. `entry` is the index of its entry; -1 for the file itself."""

    kind: str
    entry: int


@dataclass(frozen=True)
class Layout(Runs):
    """A source file cut into runs of rows.

    Attributes:
        parts: What each part is; part 0 is the file's own.
        entries: What the parts refer to.
    """

    parts: Sequence[Part]
    entries: Sequence[Entry]

    @cached_property
    def names(self) -> list[str]:
        """Last component of each entry's name."""
        named = (entry.name for entry in self.entries)
        return [
            name if not name or name.isidentifier() else name.split("<")[0].rsplit(".", 1)[-1].rsplit("::", 1)[-1]
            for name in named
        ]

    @cached_property
    def about(self) -> list[int]:
        """For each entry the one it speaks of: a docstring of its function or class, a comment of what follows it."""
        entries = self.entries
        about = list(range(len(entries)))
        for i, entry in enumerate(entries):
            if entry.kind != "notes":
                continue
            following = entries[i + 1] if i + 1 < len(entries) else None
            if following and following.parent == entry.parent and following.rows[0] - entry.rows[1] <= _ATTRIBUTE_ROWS:
                about[i] = i + 1
            elif entry.parent >= 0:
                about[i] = entry.parent
        return about


def lay_out(text: str, plain: str, entries: Sequence[Entry]) -> Layout:
    """Give each row to the innermost thing that wants it.

    Args:
        plain: `text` without row numbers, row for row; what the entries were found in.
    """
    starts = row_starts(text)
    paint = _Paint(plain, starts if plain is text else row_starts(plain), entries)
    for index, entry in enumerate(entries):
        paint.entry(index, entry)
    painted = paint.owners
    rows = [0, *compress(count(1), map(ne, painted, islice(painted, 1, None))), len(painted)]
    owners = [painted[row] for row in rows[:-1]]
    bounds = [starts[row] for row in rows]
    return Layout(text, bounds, rows, owners, len(paint.parts), paint.parts, entries)


class _Paint:
    """Paints rows with part numbers, outer entries first."""

    def __init__(self, text: str, starts: Sequence[int], entries: Sequence[Entry]) -> None:
        self.parts = [Part(HEAD, -1)]
        self.owners = [0] * (len(starts) - 1)
        self._text = text
        self._starts = starts
        self._entries = entries
        self._with_members = {e.parent for e in entries if e.kind in ("function", "class")}

    def entry(self, index: int, entry: Entry) -> None:
        kind, _, rows, inner, _ = entry
        if kind == "notes":
            self._notes(index, entry)
            return
        if kind == "block":
            inner = self._inside(entry)
        else:
            self._brush(HEAD, index, (rows[0], self._after_blank(rows[1])))
        if kind == "class" and index in self._with_members:
            return
        if self._chars(inner) >= (_FOLD_CHARS if kind == "function" else _BLOCK_CHARS):
            self._brush(FOLD, index, inner)

    def _notes(self, index: int, entry: Entry) -> None:
        first, end = entry.rows
        in_function = entry.parent >= 0 and self._entries[entry.parent].kind == "function"
        if end - first <= _NOTES_ROWS or self._chars(entry.rows) < _NOTES_CHARS:
            if in_function:
                self._brush(DOC, index, entry.rows)
            return
        of_file = entry.parent < 0 and self._row(first).lstrip()[:1] in tuple("\"'")
        self._brush(HEAD if of_file else DOC, index, entry.rows)
        opening = 2 if _OPENING.fullmatch(self._row(first)) else 1
        closing = 1 if _CLOSING.match(self._row(end - 1)) else 0
        self._brush(NOTES, index, (first + opening, end - closing))

    def _after_blank(self, row: int) -> int:
        """The first row from `row` on that is not blank: blank lines go with what stands before them."""
        text, starts = self._text, self._starts
        last = len(self.owners)
        while row < last and text[starts[row] : starts[row + 1]].isspace():
            row += 1
        return row

    def _inside(self, block: Entry) -> tuple[int, int]:
        """Rows of a statement that can go: not its closing bracket, nothing if a string begins in them."""
        first, end = block.inner
        if end > first and self._row(end - 1).lstrip()[:1] in tuple(")]}"):
            end -= 1
        around = self._row(first - 1) + self._row(end)
        return (first, first if around.count('"""') % 2 or around.count("'''") % 2 else end)

    def _brush(self, kind: str, entry: int, rows: tuple[int, int]) -> None:
        owners, parts = self.owners, self.parts
        first, end = rows
        if end > len(owners):
            end = len(owners)
        if first < end:
            owners[first:end] = [len(parts)] * (end - first)
            parts.append(Part(kind, entry))

    def _row(self, row: int) -> str:
        if row >= len(self.owners):
            return ""
        return self._text[self._starts[row] : self._starts[row + 1]]

    def _chars(self, rows: tuple[int, int]) -> int:
        first, end = rows
        if end > len(self.owners):
            end = len(self.owners)
        return self._starts[end] - self._starts[first] if first < end else 0
