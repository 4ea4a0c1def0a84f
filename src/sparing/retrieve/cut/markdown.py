"""Markdown, and pages and Word documents read as such: by headings, blocks, rows of tables, items of lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sparing.retrieve.cut.outline import Outline
from sparing.retrieve.cut.pack import BLOCK, GLUED, SECTION, Unit
from sparing.retrieve.cut.stretches import is_long, lines, paragraph, pieces

_LINE = re.compile(
    r"(?P<blank>\s*$)|[ ]{0,3}(?:(?P<heading>\#{1,6}[ \t])|(?P<fence>`{3,}|~{3,})|(?P<under>=+|-{3,})\s*$)"
    r"|(?P<item>[ \t]*(?:[-*+•]|\d{1,9}[.)])[ \t])|(?P<row>[ \t]*\||[^|]{1,400}[^|\s][ \t]*\|[ \t])"
)
_RULE_ROW = re.compile(r"[ \t]*\|?[ \t:|-]*-{3}[ \t:|-]*\r?\n?\Z")


class Block(NamedTuple):
    """Lines that belong together.

    Attributes:
        kind: heading, underlined (a heading above a rule), fence, row (of a table), item or plain.
    """

    kind: str
    start: int
    end: int


def units(text: str, title: str = "") -> Iterator[Unit]:
    """Blocks under their headings; rows of a long table under its header too."""
    outline = Outline(title)
    glue = False
    for block in blocks(text):
        if block.kind in ("heading", "underlined"):
            level, words = _heading(text[block.start : block.end], block.kind)
            yield from paragraph(text, block.start, block.end, outline.enter(level, words), SECTION)
            glue = True
            continue
        for unit in _units_of(text, block, outline.heads):
            yield unit._replace(strength=GLUED) if glue else unit
            glue = False


def blocks(text: str) -> Iterator[Block]:
    """Blocks in order; blank lines are in none of them."""
    kind, start, ticks, at = "", 0, "", 0
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        found = _LINE.match(text, at, end)
        this = (found.lastgroup or "plain") if found else "plain"
        if kind == "fence":
            if this == "fence" and found and found["fence"].startswith(ticks):
                yield Block(kind, start, end)
                kind = ""
        elif this == "under" and kind == "plain":
            yield Block("underlined", start, end)
            kind = ""
        elif not _goes_on(kind, this):
            if kind:
                yield Block(kind, start, at)
            kind, start = ("" if this == "blank" else "plain" if this == "under" else this), at
            ticks = found["fence"] if found and this == "fence" else ""
            if this == "heading":
                yield Block(this, start, end)
                kind = ""
        at = end
    if kind:
        yield Block(kind, start, len(text))


def _goes_on(kind: str, line: str) -> bool:
    """Whether a line of this kind belongs to the block before it."""
    if kind in ("plain", "item"):
        return line == "plain"
    return kind == "row" and line in ("row", "under")


def _heading(block: str, kind: str) -> tuple[int, str]:
    if kind == "underlined":
        words, rule = block.rstrip().rsplit("\n", 1)
        return (1 if "=" in rule else 2), words
    marks = block.strip()
    level = len(marks) - len(marks.lstrip("#"))
    return level, marks.strip("# \t")


def _units_of(text: str, block: Block, heads: tuple[str, ...]) -> Iterator[Unit]:
    if block.kind == "fence":
        yield from lines(text, block.start, block.end, heads)
    elif block.kind == "row" and is_long(text, block.start, block.end):
        yield from _rows(text, block, heads)
    else:
        yield from paragraph(text, block.start, block.end, heads)


def _rows(text: str, block: Block, heads: tuple[str, ...]) -> Iterator[Unit]:
    """Rows of a table; all but the first have its header row in their heads."""
    header = text[block.start : text.find("\n", block.start, block.end)].strip()
    at, above = block.start, heads
    while at < block.end:
        end = text.find("\n", at, block.end) + 1 or block.end
        is_rule = _RULE_ROW.match(text, at, end) is not None
        yield from (unit._replace(strength=GLUED if is_rule else BLOCK) for unit in pieces(text, at, end, above))
        at, above = end, (*heads, header)
