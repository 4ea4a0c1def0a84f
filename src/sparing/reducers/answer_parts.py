"""What an answer is made of: sentences, items, rows, headings, blocks of code.

Lines say what a block is (CommonMark's leaf and list blocks, as far as answers use them); paragraphs are cut into
sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from sparing.core.deadline import Deadline
from sparing.reducers.sentences import sentence_bounds

_LINE = re.compile(r"[^\n]*\n?")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_MATH = re.compile(r"[ \t]*(?:\$\$|\\\[)")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+\S|[ \t]*\*\*[^*\n]{1,90}\*\*:?[ \t]*$")
ITEM = re.compile(r"([ \t]*)(?:[-*•+]|(\d{1,3})[.)])[ \t]+(?=\S)")
_ROW = re.compile(r"[ \t]*\|")
_RULE = re.compile(r"[ \t]*(?:[-*_][ \t]*){3,}$")
_SOURCE = re.compile(r"[ \t]*(?:[-*•+][ \t]+)?(\[\^?[\w.-]{1,24}\]):?[ \t]+\S")
_CODE_LINE = re.compile(r"(?: {4}|\t)[ \t]*\S")
_TAB_COLUMNS = 4


class Part(StrEnum):
    SENTENCE = "sentence"
    LEAD = "lead"  # announces what comes after it
    HEADING = "heading"
    ITEM = "item"  # of a list: what its sign stands before
    HEAD = "head"  # of a table
    ROW = "row"
    SOURCE = "source"  # what a citation stands for
    RULE = "rule"  # a line across
    FIXED = "fixed"  # code, formulas, markup: never cut, never left out


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of an answer.

    Attributes:
        start: First character, blanks before it not counted; of an item its indentation is.
        end: Character after the last, likewise.
        block: Which paragraph, item or table it is of.
        level: Of a heading, 1 and more; of an item its indentation in columns.
        number: Of an item of a numbered list; -1 of any other.
        label: Of a source, with its brackets.
        group: Which list or table it is an item or a row of; -1 for all else, and for steps, which are never parted.
    """

    start: int
    end: int
    part: Part
    block: int
    level: int = 0
    number: int = -1
    label: str = ""
    group: int = -1


def pieces_of(text: str, deadline: Deadline | None = None) -> list[Piece]:
    """The pieces in order; between two of them there are only blanks."""
    return list(_grouped(_Reader(text, deadline or Deadline()).read()))


def _grouped(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The pieces with their lists and tables."""
    lists: dict[int, int] = {}  # by indentation
    own = -1
    for at, piece in enumerate(pieces):
        if piece.part is Part.ITEM:
            lists = {level: group for level, group in lists.items() if level <= piece.level}
            group, own = lists.setdefault(piece.level, at), piece.block
            yield replace(piece, group=group) if piece.number < 0 else piece
        elif piece.part is Part.ROW:
            yield replace(piece, group=-2 - piece.block)
        else:
            if piece.block != own and piece.part is not Part.FIXED:
                lists.clear()
            yield piece


class _Reader:
    """Goes through the lines once."""

    def __init__(self, text: str, deadline: Deadline) -> None:
        self._text = text
        self._deadline = deadline
        self._lines = [match.span() for match in _LINE.finditer(text) if match[0]]
        self._at = 0
        self._block = 0
        self._in_list = False

    def read(self) -> Iterator[Piece]:
        blank_before = True
        while self._at < len(self._lines):
            if not self._at % 256:
                self._deadline.check()
            line = self._line(self._at)
            if not line.strip():
                blank_before = True
                self._at += 1
                continue
            self._block += 1
            yield from self._one(line, blank_before=blank_before)
            blank_before = False

    def _one(self, line: str, *, blank_before: bool) -> Iterator[Piece]:
        """The pieces of the block that begins with this line."""
        item = ITEM.match(line)
        if (fence := _FENCE.match(line)) is not None:
            yield self._until(self._fence_end(fence[1]), Part.FIXED)
        elif _MATH.match(line):
            yield self._until(self._math_end(line), Part.FIXED)
        elif line.lstrip().startswith("<") or (blank_before and not self._in_list and _CODE_LINE.match(line)):
            yield self._until(self._paragraph_end(_nothing), Part.FIXED)
        elif (source := _SOURCE.match(line)) is not None:
            yield self._until(self._at + 1, Part.SOURCE, label=source[1])
        elif _RULE.match(line):
            yield self._until(self._at + 1, Part.RULE)
        elif (heading := _HEADING.match(line)) is not None:
            yield self._until(self._at + 1, Part.HEADING, level=len(heading[1] or "######") + (heading[1] is None))
        elif _ROW.match(line):
            yield from self._table()
        elif item is not None:
            self._in_list = True
            yield from self._sentences(_columns(item[1]), int(item[2] or -1))
            return
        else:
            self._in_list = self._in_list and (line[:1] in " \t" or not blank_before)
            yield from self._sentences()
            return
        self._in_list = self._in_list and line[:1] in " \t"

    def _table(self) -> Iterator[Piece]:
        end = self._at
        while end < len(self._lines) and _ROW.match(self._line(end)):
            end += 1
        has_rule = end - self._at > 1 and not set(self._line(self._at + 1).strip()) - set("|:- ")
        if has_rule:
            yield self._until(self._at + 2, Part.HEAD)
        while self._at < end:
            yield self._until(self._at + 1, Part.ROW)

    def _sentences(self, indent: int = -1, number: int = -1) -> Iterator[Piece]:
        """A paragraph, or an item with what belongs to it, sentence by sentence."""
        first = self._lines[self._at][0]
        self._at = self._paragraph_end(_begins_a_block)
        last = self._lines[self._at - 1][1]
        bounds = [first + bound for bound in sentence_bounds(self._text[first:last], self._deadline)]
        for place, (start, end) in enumerate(zip(bounds, bounds[1:], strict=False)):
            said = self._text[start:end]
            is_item = indent >= 0 and not place
            start += 0 if is_item else len(said) - len(said.lstrip())
            end = start + len(self._text[start:end].rstrip())
            if start < end:
                part = Part.LEAD if self._text[end - 1] in ":：" else Part.SENTENCE
                part = Part.ITEM if is_item else part
                yield Piece(start, end, part, self._block, max(0, indent), number if is_item else -1)

    def _until(self, end: int, part: Part, level: int = 0, label: str = "") -> Piece:
        """The lines up to this one as one piece."""
        start, stop = self._lines[self._at][0], self._lines[end - 1][1]
        self._at = end
        said = self._text[start:stop]
        kept = 0 if part in (Part.FIXED, Part.ROW, Part.HEAD) else len(said) - len(said.lstrip())
        return Piece(start + kept, start + len(said.rstrip()), part, self._block, level, -1, label)

    def _fence_end(self, fence: str) -> int:
        for at in range(self._at + 1, len(self._lines)):
            said = self._line(at).strip()
            if said.startswith(fence) and not said.strip(fence[0]):
                return at + 1
        return len(self._lines)

    def _math_end(self, first: str) -> int:
        closing = "$$" if "$$" in first else "\\]"
        if first.rstrip().endswith(closing) and len(first.strip()) > len(closing):
            return self._at + 1
        ends = (at + 1 for at in range(self._at + 1, len(self._lines)) if closing in self._line(at))
        return next(ends, len(self._lines))

    def _paragraph_end(self, stops: re.Pattern[str]) -> int:
        for at in range(self._at + 1, len(self._lines)):
            line = self._line(at)
            if not line.strip() or stops.match(line):
                return at
        return len(self._lines)

    def _line(self, at: int) -> str:
        start, end = self._lines[at]
        return self._text[start:end]


def _columns(indentation: str) -> int:
    return len(indentation.expandtabs(_TAB_COLUMNS))


_nothing = re.compile(r"(?!)")
_begins_a_block = re.compile(
    "|".join(f"(?:{pattern.pattern})" for pattern in (_FENCE, _MATH, _HEADING, ITEM, _ROW, _RULE, _SOURCE)),
    re.MULTILINE,
)
