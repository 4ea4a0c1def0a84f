"""SQLite files: opened one way, transactions exactly where they are written, errors in their owner's words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from sparing.errors import SparingError

_PRIVATE = 0o600


def open_file(
    path: Path, prepare: Callable[[sqlite3.Connection], object], *, busy_s: float, private: bool = False
) -> sqlite3.Connection:
    """A connection to a file in WAL mode, made with its folder if it is missing, that commits when it is told to.

    A commit survives the process; after a power cut the last ones may be gone, the file is whole.

    Args:
        prepare: Makes the tables.
        busy_s: Longest wait for another writer.
        private: Readable by its owner only, and what is deleted is gone from the disk as well.
    Raises:
        sqlite3.Error, OSError: It cannot be opened, or is none of ours; the connection is closed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if private:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, _PRIVATE))  # its WAL gets the same mode from SQLite
        path.chmod(_PRIVATE)
    connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = normal")
        if private:
            connection.execute("pragma secure_delete = on")
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


class transaction:  # noqa: N801 - reads as a statement: `with transaction(connection):`
    """All of a block or nothing of it; nobody else writes meanwhile.

    Args:
        write: False: a block that reads, of one state of the file, whoever writes meanwhile.
    """

    __slots__ = ("_begin", "_connection")

    def __init__(self, connection: sqlite3.Connection, *, write: bool = True) -> None:
        self._connection = connection
        self._begin = "begin immediate" if write else "begin"

    def __enter__(self) -> sqlite3.Connection:
        self._connection.execute(self._begin)
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is None:
            try:
                self._connection.execute("commit")
            except BaseException:
                self._roll_back()
                raise
        else:
            self._roll_back()

    def _roll_back(self) -> None:
        if self._connection.in_transaction:  # SQLite has done it by itself when the disk is full
            self._connection.execute("rollback")


class Errors:
    """``with errors:`` turns what SQLite and the disk say into an error of ours. May be used again and again.

    Args:
        of: Makes it.
        also: Further errors that mean the same.
    """

    __slots__ = ("_kinds", "_of")

    def __init__(self, of: Callable[[Exception], SparingError], *also: type[Exception]) -> None:
        self._of = of
        self._kinds: tuple[type[Exception], ...] = (sqlite3.Error, OSError, *also)

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and isinstance(error, self._kinds):
            raise self._of(error) from error
