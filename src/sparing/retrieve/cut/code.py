"""Source code: definitions whole, with the comment above them; a method knows its class, a long body its signature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sparing.core.deadline import Deadline
from sparing.reducers.code_indent import find_entries_by_indent
from sparing.reducers.code_tree import Entry, find_entries
from sparing.reducers.grammars import LANGUAGES
from sparing.reducers.part_ladder import row_starts
from sparing.reducers.sniff import language_of
from sparing.retrieve.cut.pack import BLOCK, INSIDE, SECTION, TARGET_BYTES, Unit
from sparing.retrieve.cut.stretches import is_long, pieces

_MOST_PARSED_CHARS = 1_500_000  # a syntax tree takes some 30 times the memory of its text
_LONGEST_HEAD = 160  # characters of a signature


def units(text: str, title: str = "", name: str = "") -> Iterator[Unit]:
    """Definitions and what stands between them, in order.

    Args:
        name: Of the file; its extension tells the language.
    """
    heads = (title,) if title else ()
    yield from _Cutter(text, _entries(text, name)).rows(0, -1, -1, heads)


def _entries(text: str, name: str) -> list[Entry]:
    guessed = language_of(text, name)
    if guessed == "c" and name.endswith(".h") and language_of(text) == "cpp":
        guessed = "cpp"
    language = LANGUAGES.get(guessed or "")
    if language is not None and len(text) <= _MOST_PARSED_CHARS:
        found = find_entries(text, language, Deadline())
        if found is not None:
            return found
    return find_entries_by_indent(text, Deadline())


class _Cutter:
    """Goes down from the file through its classes to what a chunk can hold."""

    def __init__(self, text: str, entries: Sequence[Entry]) -> None:
        self._text = text
        self._starts = row_starts(text)
        self._inner: dict[int, list[tuple[int, Entry]]] = {}
        for index, entry in enumerate(entries):
            self._inner.setdefault(entry.parent, []).append((index, entry))

    def rows(self, first: int, last: int, parent: int, heads: tuple[str, ...]) -> Iterator[Unit]:
        """Units of the rows from `first` to before `last` (-1: the end), all of which lie in `parent`."""
        last = len(self._starts) - 1 if last < 0 else last
        at = first
        for begin, index, entry in self._definitions(parent):
            begin, end = max(begin, at), min(entry.rows[1], last)
            if begin >= end:
                continue
            yield from self._loose(at, begin, heads)
            yield from self._definition(begin, end, index, entry, heads)
            at = end
        yield from self._loose(at, last, heads)

    def _definitions(self, parent: int) -> Iterator[tuple[int, int, Entry]]:
        """Functions and classes directly in `parent`, each from the row on where the comment about it begins."""
        note: Entry | None = None
        for index, entry in self._inner.get(parent, ()):
            if entry.kind == "notes":
                note = entry
                continue
            if entry.kind in ("function", "class"):
                is_about = note is not None and entry.rows[0] == note.rows[1]
                yield (note.rows[0] if note and is_about else entry.rows[0]), index, entry
            note = None

    def _definition(self, first: int, last: int, index: int, entry: Entry, heads: tuple[str, ...]) -> Iterator[Unit]:
        start, end = self._starts[first], self._starts[last]
        under = (*heads, self._head(entry))
        if entry.kind == "class" and end - start > TARGET_BYTES and self._has_members(index):
            strength = SECTION
            for unit in self.rows(first, last, index, under):
                yield unit._replace(strength=strength, heads=heads) if strength is SECTION else unit
                strength = BLOCK
        elif is_long(self._text, start, end):
            yield from self._long(first, last, heads, under)
        else:
            yield from (unit._replace(strength=SECTION) for unit in pieces(self._text, start, end, heads))

    def _long(self, first: int, last: int, heads: tuple[str, ...], under: tuple[str, ...]) -> Iterator[Unit]:
        """A definition longer than a chunk: its parts between blank lines, else its lines."""
        strength = SECTION
        for unit in self._loose(first, last, under):
            yield unit._replace(strength=strength, heads=heads if strength is SECTION else under)
            strength = BLOCK

    def _loose(self, first: int, last: int, heads: tuple[str, ...]) -> Iterator[Unit]:
        """Rows outside of definitions, in stretches between blank rows; long stretches row by row."""
        text, starts = self._text, self._starts
        at = first
        for row in range(first, last + 1):
            if row < last and not text[starts[row] : starts[row + 1]].isspace():
                continue
            start, end = starts[at], starts[row]
            if is_long(text, start, end):
                for inner in range(at, row):
                    yield from pieces(text, starts[inner], starts[inner + 1], heads, INSIDE if inner > at else BLOCK)
            else:
                yield from pieces(text, start, end, heads)
            at = row + 1

    def _has_members(self, index: int) -> bool:
        return any(entry.kind in ("function", "class") for _, entry in self._inner.get(index, ()))

    def _head(self, entry: Entry) -> str:
        """The row that names a definition: decorators stand above it."""
        for row in range(entry.rows[0], entry.rows[1]):
            line = self._text[self._starts[row] : self._starts[row + 1]].strip()
            if line and (not entry.name or entry.name in line):
                return line[:_LONGEST_HEAD]
        return entry.name[:_LONGEST_HEAD]
