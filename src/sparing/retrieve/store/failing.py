"""SQLite's errors as errors that say what to do."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path

from sparing.errors import StoreError
from sparing.sqlite_file import Errors

_REMAKE = "remove the file and index again, or take it from a backup"
_KNOWN = {
    "SQLITE_BUSY": ("is being written by another process", "try again when that has ended"),
    "SQLITE_FULL": ("cannot grow: the disk is full", "free some space and index again: what was put before is there"),
    "SQLITE_READONLY": ("cannot be written", "check the permissions of the file and its folder"),
    "SQLITE_CANTOPEN": ("cannot be opened", "check the path and its permissions"),
    "SQLITE_CORRUPT": ("is damaged", _REMAKE),
    # Nobody is told to remove what may be a file of their own.
    "SQLITE_NOTADB": (
        "is no store: some other file, or a damaged one",
        "give the path of one that `sparing index` made, or index into another file",
    ),
    "SQLITE_IOERR": ("cannot be read or written: the disk fails, or is full", "check the disk"),
}


def storing(path: Path) -> Errors:
    """Whatever SQLite or the disk says about this file, as a `StoreError`."""
    return Errors(partial(_told, path))


def _told(path: Path, error: Exception) -> StoreError:
    name = getattr(error, "sqlite_errorname", None) or ""
    for known, (what, hint) in _KNOWN.items():
        if name.startswith(known):
            return StoreError(f"the store {path} {what}", hint=hint)
    if isinstance(error, sqlite3.DatabaseError) and "no such" in str(error):
        return StoreError(f"the store {path} is damaged: {error}", hint=_REMAKE)
    return StoreError(f"the store {path}: {error}", hint="check the path and the disk")
