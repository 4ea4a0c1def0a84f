"""Summaries that a model wrote of old results, each tenant's apart.

They stay in memory, up to a size. They are text, so they go to disk only where the owner keeps texts at all
(`[recall] store = true`): then a restart does not forget them.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import OrderedDict
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Protocol

from sparing.sqlite_file import open_file, transaction

log = logging.getLogger("sparing.record")

_MOST_CHARS = 16_000_000
_ENTRY_CHARS = 300  # what an entry takes beside its text
_BUSY_S = 2.0
_SCHEMA = """
    create table if not exists summaries (
        scope text not null, key text not null, text text not null, expires_s real not null,
        primary key (scope, key)
    ) without rowid
"""


class SummaryStore(Protocol):
    """Texts by scope and key; "" says that there is none to be had."""

    def get(self, scope: str, key: str) -> str | None: ...

    def put(self, scope: str, key: str, text: str) -> None: ...


class MemorySummaries:
    """The most recently used ones. Safe to share between threads.

    Args:
        behind: Where they are kept beyond this process; None nowhere.
    """

    def __init__(self, most_chars: int = _MOST_CHARS, behind: SummaryStore | None = None) -> None:
        self._most_chars = most_chars
        self._behind = behind
        self._texts: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = Lock()
        self.num_chars = 0

    def get(self, scope: str, key: str) -> str | None:
        with self._lock:
            text = self._texts.get((scope, key))
            if text is not None:
                self._texts.move_to_end((scope, key))
                return text
        text = self._behind.get(scope, key) if self._behind is not None else None
        if text is not None:
            self._keep(scope, key, text)
        return text

    def put(self, scope: str, key: str, text: str) -> None:
        self._keep(scope, key, text)
        if self._behind is not None:
            self._behind.put(scope, key, text)

    def _keep(self, scope: str, key: str, text: str) -> None:
        with self._lock:
            known = self._texts.pop((scope, key), None)
            if known is not None:
                self.num_chars -= len(known) + _ENTRY_CHARS
            self._texts[scope, key] = text
            self.num_chars += len(text) + _ENTRY_CHARS
            while self.num_chars > self._most_chars and len(self._texts) > 1:
                _, dropped = self._texts.popitem(last=False)
                self.num_chars -= len(dropped) + _ENTRY_CHARS


class SqliteSummaries:
    """One SQLite file, readable by its owner only. What it cannot read or write is not there: it never raises.

    Args:
        path: Made with its folder if it is missing.
        keep_s: How long a summary is kept.
    """

    def __init__(self, path: Path, keep_s: float) -> None:
        self._path = path
        self._keep_s = keep_s

    def get(self, scope: str, key: str) -> str | None:
        query = "select text from summaries where scope = ? and key = ? and expires_s > ?"
        rows = self._run((query, (scope, key, time.time())), write=False)
        return rows[0][0] if rows else None

    def put(self, scope: str, key: str, text: str) -> None:
        now_s = time.time()
        self._run(
            ("delete from summaries where expires_s <= ?", (now_s,)),
            ("insert or replace into summaries values (?, ?, ?, ?)", (scope, key, text, now_s + self._keep_s)),
            write=True,
        )

    def _run(self, *statements: tuple[str, tuple[str | float, ...]], write: bool) -> list[tuple[str, ...]]:
        """The rows of the last statement."""
        rows: list[tuple[str, ...]] = []
        try:
            with closing(self._open()) as connection, transaction(connection, write=write):
                for statement, values in statements:
                    rows = connection.execute(statement, values).fetchall()
        except (sqlite3.Error, OSError) as error:
            log.error("summaries, at %s: %s", self._path, error)  # noqa: TRY400 - the words suffice
            return []
        return rows

    def _open(self) -> sqlite3.Connection:
        return open_file(self._path, lambda connection: connection.execute(_SCHEMA), busy_s=_BUSY_S, private=True)


@dataclass(frozen=True, slots=True)
class ScopedSummaries:
    """One scope of a store: `core.summaries.Summaries`."""

    scope: str
    store: SummaryStore

    def get(self, key: str) -> str | None:
        return self.store.get(self.scope, key)
