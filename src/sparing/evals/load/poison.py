"""Spoiling a cache of answers on disk, as a bug or an intruder would."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

_BUSY_S = 2.0
_MOST_ROWS = 6
_WAYS: Final = (
    # Another question's answer, seal and all.
    "update answers set (seal, data) = (select seal, data from answers where key = :other) where key = :key",
    # Another tenant's, put where this one looks.
    "update answers set tenant = 'nobody', data = (select data from answers where key = :other) where key = :key",
    "update answers set data = randomblob(200) where key = :key",
    "update answers set seal = randomblob(32) where key = :key",
    "update answers set expires_s = expires_s + 1e9, used_s = -1 where key = :key",
)


def poison(path: Path, draw: random.Random) -> int:
    """Spoil a few rows of a file of `generate.cache.sqlite`, each in a way of its own; returns how many."""
    if not path.is_file():
        return 0
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)) as connection, connection:
            connection.execute("begin immediate")  # what is read here is still there when it is spoiled
            keys = [key for (key,) in connection.execute("select key from answers")]
            for key in draw.sample(keys, min(_MOST_ROWS, len(keys))):
                connection.execute(draw.choice(_WAYS), {"key": key, "other": draw.choice(keys)})
            return min(_MOST_ROWS, len(keys))
    except sqlite3.OperationalError:  # locked for longer than we care to wait
        return 0
