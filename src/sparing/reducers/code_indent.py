"""The definitions of a source file, told by words and indentation: for languages without a grammar, and huge files.

A row that reads like the start of a definition owns the rows below it that are indented deeper.
"""

from __future__ import annotations

import re

from sparing.core.deadline import Deadline
from sparing.reducers.code_tree import Entry

_LONGEST_ROW = 400  # characters looked at per row
_HEADER = re.compile(
    r"[ \t]*(?:[\w@#<>\[\],.*&:?~]+[ \t]+){0,8}?"
    r"(?:(?P<function>def|func|fun|fn|function|sub|proc|procedure|method)"
    r"|(?P<class>class|module|interface|trait|struct|enum|record|impl|namespace|object|protocol|extension))\b[ \t]*"
    r"(?P<name>[\w$.:?!=]*)"
)
_C_LIKE = re.compile(
    r"[ \t]*(?:public|private|protected|internal|static|override|virtual|async|final|abstract|export)\b"
    r"[^;={}()\"']{0,120}?(?P<name>[\w$~]+)[ \t]*\("
)
_CLOSERS = ("}", "]", ")", "end")


def find_entries_by_indent(text: str, deadline: Deadline) -> list[Entry]:
    """Entries of `text`, in source order; see `code_tree.Entry`.

    Raises:
        DeadlineExceeded: On the way.
    """
    entries: list[Entry] = []
    open_at: list[tuple[int, int, str, str, int]] = []  # indent, row, kind, name, place in `entries`
    last = 0  # one past the last row that is not blank
    for row, line in enumerate(text.split("\n")):
        if not row & 1023:
            deadline.check()
        stripped = line.lstrip()
        if not stripped or stripped == "\r":
            continue
        indent = len(line) - len(stripped)
        if stripped[0] != "{":  # an opening brace on a row of its own belongs to the header
            while open_at and indent <= open_at[-1][0]:
                _close(open_at.pop(), last, row, stripped, entries)
        last = row + 1
        header = _header(line)
        if header and not (open_at and open_at[-1][2] == "function"):
            parent = open_at[-1][4] if open_at else -1
            open_at.append((indent, row, *header, len(entries)))
            entries.append(Entry("function", "", (row, row + 1), (row, row), parent))
    while open_at:
        _close(open_at.pop(), last, last, "", entries)
    return entries


def _header(line: str) -> tuple[str, str] | None:
    line = line[:_LONGEST_ROW]
    if line.rstrip().endswith(";"):
        return None
    match = _HEADER.match(line)
    if match and match["name"]:
        return ("function" if match["function"] else "class"), match["name"]
    match = _C_LIKE.match(line)
    return ("function", match["name"]) if match else None


def _close(opened: tuple[int, int, str, str, int], last: int, row: int, closing: str, entries: list[Entry]) -> None:
    """Fill in the entry that ends before `row`, whose text is `closing`."""
    _, first, kind, name, place = opened
    end = row + 1 if closing.startswith(_CLOSERS) else last
    inner_end = row if closing.startswith(_CLOSERS) else last
    entries[place] = Entry(kind, name, (first, end), (first + 1, inner_end), entries[place].parent)
