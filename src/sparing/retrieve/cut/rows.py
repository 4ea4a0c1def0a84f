"""Logs, test output, lists of hits, patches: lines; one that is indented goes with the one above it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sparing.retrieve.cut.pack import BLOCK, SECTION, Unit
from sparing.retrieve.cut.stretches import lines

_ENTRY = re.compile(r"^(?=\S)(?!Caused by:|\.\.\. \d+ more)", re.MULTILINE)
_FILE = re.compile(r"^(?:diff --git |Index: |--- [^\n]*\n\+\+\+ )", re.MULTILINE)
_HUNK = re.compile(r"^(?=@@ )", re.MULTILINE)


def units(text: str, title: str = "") -> Iterator[Unit]:
    """Entries of a log: a line with the indented ones below it, such as a stack trace."""
    heads = (title,) if title else ()
    yield from _between(text, [match.start() for match in _ENTRY.finditer(text)], 0, len(text), heads)


def patch_units(text: str, title: str = "") -> Iterator[Unit]:
    """Hunks of a patch, each under the line that names its file."""
    heads = (title,) if title else ()
    files: list[int] = []
    for match in _FILE.finditer(text):  # git's own line stands before the pair that every tool writes
        if not files or not text.startswith("--- ", match.start()) or _HUNK.search(text, files[-1], match.start()):
            files.append(match.start())
    for start, end in zip([0, *files], [*files, len(text)], strict=True):
        name = text[start : text.find("\n", start, end)].strip() if start < end else ""
        hunks = [match.start() for match in _HUNK.finditer(text, start, end)]
        for number, unit in enumerate(_between(text, hunks, start, end, heads)):
            under = unit._replace(heads=(*heads, name)) if number else unit
            yield under if number else under._replace(strength=SECTION)


def _between(text: str, starts: list[int], first: int, last: int, heads: tuple[str, ...]) -> Iterator[Unit]:
    bounds = [first, *(start for start in starts if start > first), last]
    for start, end in zip(bounds, bounds[1:], strict=False):
        yield from lines(text, start, end, heads, BLOCK)
