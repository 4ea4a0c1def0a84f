"""Search results taken apart: which line is a hit in which file.

Knows ``path:12:text`` and ``path:12:7:text`` (grep -n, ripgrep, git grep), their context lines ``path-12-text`` between
``--``, and ripgrep's layout with the path as a heading above ``12:text``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sparing.core.deadline import Deadline

_HIT = re.compile(r"((?:[A-Za-z]:[\\/])?[^:\n]+):[0-9]+[:\s]")
_NUMBERED = re.compile(r"[0-9]+([:-])")
_BESIDE = re.compile(r"-[0-9]+-")
_LEAST_SHARE = 0.6  # of hits among the lines that are not blank


@dataclass(frozen=True, slots=True)
class Hits:
    """Search results by line; the lists have one entry per hit.

    Attributes:
        starts: Where the line begins.
        ends: Where the next begins; blank lines and ``--`` go with the line above.
        cuts: Where its line number begins.
        files: Index of its file, counted up whenever the file changes; -1 for a line that is no hit ("12 matches").
        beside: Whether it only stands beside a hit.
        headings: For each file that has one the offset of its heading.
    """

    text: str
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    beside: list[bool] = field(default_factory=list)
    headings: dict[int, int] = field(default_factory=dict)

    def path(self, hit: int) -> str:
        """The path in front of a hit, without what separates it from the line number."""
        return self.text[self.starts[hit] : self.cuts[hit] - 1]

    @property
    def begin(self) -> int:
        """Where the first heading or hit begins."""
        return min(self.starts[0], self.headings.get(self.files[0], len(self.text)))


def parse_hits(text: str, deadline: Deadline) -> Hits | None:
    """Search results by line, or None where too few lines are hits."""
    lines = text.split("\n")
    reader = _Reader(Hits(text), {match[1] for line in lines if (match := _HIT.match(line))})
    start = 0
    for index, line in enumerate(lines):
        if not index % 512:
            deadline.check()
        reader.read(start, line, lines[index + 1] if index + 1 < len(lines) else "")
        start += len(line) + 1
    hits = reader.hits
    if hits.ends:
        hits.ends[-1] = len(text)
    found = sum(file >= 0 for file in hits.files)
    return hits if found and found >= reader.filled * _LEAST_SHARE else None


@dataclass
class _Reader:
    """Reads lines in order.

    Attributes:
        paths: All paths that hits begin with.
        path: Of the file being read, where it stands in the hits.
        filled: Lines read that are not blank.
    """

    hits: Hits
    paths: set[str]
    path: str | None = None
    heading: int = -1
    file: int = -1
    last_file: int = -1
    filled: int = 0

    def read(self, start: int, line: str, below: str) -> None:
        if line.strip() in ("", "--"):
            if self.hits.ends:
                self.hits.ends[-1] = start + len(line) + 1
            return
        self.filled += 1
        if self.heading >= 0 and (match := _NUMBERED.match(line)):
            self._add(start, line, start, beside=match[1] == "-")
        elif match := _HIT.match(line):
            self._enter(match[1])
            self._add(start, line, start + match.end(1) + 1)
        elif (path := self._path_beside(line)) is not None:
            self._enter(path)
            self._add(start, line, start + len(path) + 1, beside=True)
        elif _NUMBERED.match(below) and not _NUMBERED.match(line):
            self.path, self.heading = None, start
            self.file = self.last_file = self.last_file + 1
            self.hits.headings[self.file] = start
        else:
            self.path, self.heading, self.file = None, -1, -1
            self._add(start, line, start)

    def _enter(self, path: str) -> None:
        if path != self.path:
            self.path, self.heading = path, -1
            self.file = self.last_file = self.last_file + 1

    def _path_beside(self, line: str) -> str | None:
        if self.path is not None and line.startswith(self.path) and _BESIDE.match(line, len(self.path)):
            return self.path
        return next((line[: m.start()] for m in _BESIDE.finditer(line) if line[: m.start()] in self.paths), None)

    def _add(self, start: int, line: str, cut: int, *, beside: bool = False) -> None:
        hits = self.hits
        hits.starts.append(start)
        hits.ends.append(start + len(line) + 1)
        hits.cuts.append(cut)
        hits.files.append(self.file)
        hits.beside.append(beside)
