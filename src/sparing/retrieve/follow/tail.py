"""A file that grows, cut into stretches of whole lines whose ends do not move, so that only the last is read again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from sparing.errors import SourceUnreadable

STRETCH_BYTES = 32_000  # some 35 chunks: what is put again whenever the file has grown
_LONGEST_LINE_BYTES = 1_000_000
_HEAD_BYTES = 1024  # a file that begins otherwise is another one, whatever its name and number


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some lines of a file.

    Attributes:
        line: Number of the first, from 1.
        start: First byte in the file.
        size_bytes: Of its lines.
        closed: Whether more lines of the file go into the next.
    """

    line: int
    start: int
    size_bytes: int
    closed: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What a file has become.

    Attributes:
        restarted: Whether it was cut short, begun anew or written over, so that nothing known of it holds.
        stretches: New ones, and the last known one if it is longer, in order.
    """

    restarted: bool
    stretches: tuple[Stretch, ...]


class Tail:
    """Where a file's stretches are.

    A stretch ends with the line that takes it to `STRETCH_BYTES`, so the ends depend on the file alone and not on when
    it is looked at. A line that is not ended counts once the file has not grown between two looks.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._forget()

    def _forget(self) -> None:
        self._last = Stretch(1, 0, 0, closed=False)
        self._number = (0, 0)
        self._size = 0
        self._head = b""

    def look(self) -> Look:
        """Look at the file again.

        Raises:
            SourceUnreadable: It cannot be read.
        """
        try:
            with open(self.path, "rb") as file:  # noqa: PTH123 - the name may be no UTF-8
                found = os.fstat(file.fileno())
                number = found.st_dev, found.st_ino
                restarted = self._size > 0 and not (
                    number == self._number and found.st_size >= self._size and file.read(len(self._head)) == self._head
                )
                if restarted:
                    self._forget()
                quiet = found.st_size == self._size
                self._number, self._size = number, found.st_size
                if len(self._head) < _HEAD_BYTES:
                    file.seek(0)
                    self._head = file.read(_HEAD_BYTES)
                return Look(restarted, tuple(self._grown(file, quiet=quiet)))
        except OSError as error:
            raise SourceUnreadable(f"cannot be read: {error.strerror or error}") from error

    def read(self, stretch: Stretch) -> bytes:
        """The bytes of a stretch; fewer if the file was cut short meanwhile.

        Raises:
            SourceUnreadable: It cannot be read.
        """
        try:
            with open(self.path, "rb") as file:  # noqa: PTH123
                file.seek(stretch.start)
                return file.read(stretch.size_bytes)
        except OSError as error:
            raise SourceUnreadable(f"cannot be read: {error.strerror or error}") from error

    def _grown(self, file: BinaryIO, *, quiet: bool) -> Iterator[Stretch]:
        last = self._last
        file.seek(last.start)
        while True:
            lines = file.read(STRETCH_BYTES)
            is_full = len(lines) == STRETCH_BYTES
            if is_full and not lines.endswith(b"\n"):
                lines += file.readline(_LONGEST_LINE_BYTES)
            is_closed = is_full and (lines.endswith(b"\n") or len(lines) == STRETCH_BYTES + _LONGEST_LINE_BYTES)
            if not (is_closed or quiet):
                lines = lines[: lines.rfind(b"\n") + 1]
            found = Stretch(last.line, last.start, len(lines), is_closed)
            if found.size_bytes > last.size_bytes or (is_closed and not last.closed and found.size_bytes):
                yield found
            self._last = last = found
            if not is_closed:
                return
            self._last = last = Stretch(last.line + lines.count(b"\n"), last.start + len(lines), 0, closed=False)
