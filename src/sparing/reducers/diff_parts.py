"""A unified diff as files and hunks, and the parts that a rendition keeps or drops."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sparing.core.deadline import Deadline
from sparing.reducers.part_ladder import Runs, row_starts

TEXT = "text"  # what stands before and between files: commit headers, messages, statistics
FILE = "file"  # a file's header rows
HUNK = "hunk"  # the header of a hunk that is cut into several chunks
CHANGE = "change"  # changed rows (with the hunk's header where they are all of its changes)
NEAR = "near"  # context rows that touch a change
FAR = "far"  # other context rows
BINARY = "binary"  # the payload of a binary patch

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@|@@@+ -|@@ ")
_FILE = re.compile(r"diff --git |diff -|diff --(?:cc|combined) |Index: |--- ")
_HEADER = re.compile(
    r"index |(?:new|deleted) file mode |(?:old|new) mode |similarity |dissimilarity |rename |copy |Binary files |=====|"
    r"\+\+\+ |--- |\\ "
)
_GIT_PATH = re.compile(r"diff --git .* \"?b/(.+?)\"?$|diff --(?:cc|combined) (.+)$|Index: (.+)$")
_NEWS = {"new file": "new", "deleted file": "deleted", "rename to": "renamed", "Binary ": "binary", "GIT b": "binary"}
_UNLIMITED = 1 << 60  # a combined diff or a cut-off header tells no row counts
_CHUNK_ROWS, _LONGEST_CHUNK_ROWS = 20, 40  # changes of more rows are cut where a row is blank or not indented


@dataclass
class FileDiff:
    """One file of the diff. Counts are of changed rows; `news` is what happened to the file as a whole."""

    path: str
    added: int = 0
    removed: int = 0
    news: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that come and go together.

    Attributes:
        file, hunk: Indexes over the whole diff; -1 for text outside files.
    """

    kind: str
    file: int
    hunk: int = -1


@dataclass(frozen=True)
class DiffRuns(Runs):
    """A diff cut into runs of rows.

    Attributes:
        added, removed: Changed rows of each part.
    """

    parts: Sequence[Part]
    files: Sequence[FileDiff]
    added: Sequence[int]
    removed: Sequence[int]


def cut_diff(text: str, deadline: Deadline) -> DiffRuns:
    """Cut a diff into parts, in one pass over its rows.

    Raises:
        DeadlineExceeded: On the way.
    """
    starts = row_starts(text)
    reader = _Reader()
    for row, line in enumerate(text.split("\n")[: len(starts) - 1]):
        if not row & 1023:
            deadline.check()
        reader.read(line)
    reader.end_hunk()
    owners, rows = [], [0]
    for owner, run in groupby(reader.owners):
        owners.append(owner)
        rows.append(rows[-1] + len(list(run)))
    bounds = [starts[row] for row in rows]
    return DiffRuns(
        text, bounds, rows, owners, len(reader.parts), reader.parts, reader.files, reader.added, reader.removed
    )


@dataclass
class _Reader:
    """Gives every row to a part."""

    parts: list[Part] = field(default_factory=list)
    files: list[FileDiff] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    _old_left: int = 0
    _new_left: int = 0
    _hunk: list[str] = field(default_factory=list)  # rows of the hunk being read, header first
    _num_hunks: int = 0
    _in_header: bool = False

    def read(self, line: str) -> None:
        counting = self._old_left > 0 or self._new_left > 0
        if (counting and self._continues_hunk(line)) or (line.startswith("\\") and self._hunk):
            self._hunk.append(line)
        else:
            self._outside_hunk(line)

    def _continues_hunk(self, line: str) -> bool:
        sign = line[:1]
        if sign not in ("", " ", "+", "-", "\\", "\t", "\r"):
            return False
        if self._new_left == _UNLIMITED:
            return not line.startswith("--- ")
        if sign != "\\":
            self._old_left -= sign != "+"
            self._new_left -= sign != "-"
        return True

    def _outside_hunk(self, line: str) -> None:
        found = _HUNK.match(line)
        if found and self.files:
            self.end_hunk()
            self._in_header = False
            counted = found.group().endswith(" @@")
            self._old_left = int(found[1] or 1) if counted else _UNLIMITED
            self._new_left = int(found[2] or 1) if counted else _UNLIMITED
            self._hunk = [line]
            return
        self.end_hunk()
        self._old_left = self._new_left = 0
        if _FILE.match(line) and not (self._in_header and line.startswith("--- ")):
            self._start_file(line)
        elif self._in_header and (kind := self._header_kind(line)):
            self._name_file(line)
            self._own(kind)
        else:
            self._in_header = False
            self._own(TEXT)

    def _header_kind(self, line: str) -> str:
        """Kind of a row under a file's first one; "" if it is no part of the file."""
        in_patch = self.parts[-1].kind == BINARY and not line.startswith("commit ")
        if in_patch or line.startswith("GIT binary patch"):
            return BINARY
        return FILE if _HEADER.match(line) or not line.strip() else ""

    def _start_file(self, line: str) -> None:
        path = _GIT_PATH.match(line)
        self.files.append(FileDiff(next(filter(None, path.groups())) if path else ""))
        self._in_header = True
        if not path:
            self._name_file(line)
        self._own(FILE)

    def _name_file(self, line: str) -> None:
        """Take the path from ``+++ b/path``, or from ``--- a/path`` where the file is gone."""
        if line.startswith(("--- ", "+++ ")):
            path = line[4:].split("\t")[0].strip()
            if path != "/dev/null":
                self.files[-1].path = path[2:] if path[:2] in ("a/", "b/") else path
        self.files[-1].news += [word for start, word in _NEWS.items() if line.startswith(start)]

    def _own(self, kind: str) -> None:
        """Give one row to the last part, or to a new one when that is of another kind or file."""
        file = -1 if kind == TEXT else len(self.files) - 1
        if not self.parts or self.parts[-1].kind != kind or self.parts[-1].file != file:
            self._add(Part(kind, file))
        self.owners.append(len(self.parts) - 1)

    def _add(self, part: Part) -> int:
        self.parts.append(part)
        self.added.append(0)
        self.removed.append(0)
        return len(self.parts) - 1

    def end_hunk(self) -> None:
        """Give the rows of the hunk just read to its parts."""
        rows, self._hunk = self._hunk, []
        if not rows:
            return
        file, hunk = len(self.files) - 1, self._num_hunks
        self._num_hunks += 1
        changed = [row[:1] in ("+", "-") and bool(row) for row in rows]
        changed[0] = False
        several = sum(changed) > _LONGEST_CHUNK_ROWS
        head = self._add(Part(HUNK if several else CHANGE, file, hunk))
        chunk = self._add(Part(CHANGE, file, hunk)) if several else head
        near, far = self._add(Part(NEAR, file, hunk)), self._add(Part(FAR, file, hunk))
        self.owners.append(head)
        size = 0
        for i in range(1, len(rows)):
            if changed[i]:
                if several and size >= _CHUNK_ROWS and (rows[i][1:2].strip() or size >= _LONGEST_CHUNK_ROWS):
                    chunk, size = self._add(Part(CHANGE, file, hunk)), 0
                size += 1
                self._count(rows[i], chunk)
                self.owners.append(chunk)
            else:
                touches = changed[i - 1] or (i + 1 < len(rows) and changed[i + 1])
                self.owners.append(near if touches else far)

    def _count(self, line: str, chunk: int) -> None:
        if line[0] == "+":
            self.added[chunk] += 1
            self.files[-1].added += 1
        else:
            self.removed[chunk] += 1
            self.files[-1].removed += 1
