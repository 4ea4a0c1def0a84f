"""What was fetched for whom, what was sent and what was cited: never text. An audit, and what ranking learns from."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparing.core.retrieval import FetchedPassage, Retrieval
from sparing.errors import RecordError
from sparing.sqlite_file import Errors, open_file, transaction

_BUSY_S = 5.0
_VERSION = 1
_TABLES = (
    """create table if not exists retrievals (
        id text primary key, created_s real not null, who text not null, tenant text not null, store text not null,
        labels text not null, allowed integer not null, tokens integer not null, ms real not null,
        reason text not null, reached integer not null, claims integer not null, unsupported integer not null,
        wider integer not null, useful integer
    ) without rowid""",
    "create index if not exists retrievals_of on retrievals (store, tenant, created_s)",
    "create index if not exists retrievals_created on retrievals (created_s)",
    """create table if not exists fetched (
        retrieval text not null references retrievals (id) on delete cascade, rank integer not null,
        source text not null, place text not null, digest text not null, sent integer not null, cited integer not null,
        primary key (retrieval, rank)
    ) without rowid""",
)
_INSERT = (
    "insert into retrievals values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null) on conflict (id) do update"
    " set allowed = excluded.allowed, tokens = excluded.tokens, ms = excluded.ms, reason = excluded.reason,"
    " reached = excluded.reached, claims = excluded.claims, unsupported = excluded.unsupported, wider = excluded.wider"
)


@dataclass(frozen=True, slots=True)
class Rates:
    """How often a passage, or all of a document, was fetched, sent, read by a model, cited, and part of an answer that
    was called useful or useless.

    Attributes:
        place: Of a passage; "" of a document.
    """

    store: str
    source: str
    place: str
    fetched: int
    sent: int
    reached: int
    cited: int
    useful: int
    useless: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One passage that was sent once, and what became of it."""

    digest: str
    created_s: float
    cited: bool
    useful: bool | None


class RetrievalLog:
    """One SQLite file; any number of readers, in any process. Use each instance in one thread at a time.

    Args:
        path: Made with its folder if it is missing.
        must_exist: Refuse to make it: for commands that only read.
    Raises:
        RecordError: The file cannot be opened, is none of ours, or of a newer version.
    """

    def __init__(self, path: Path, *, must_exist: bool = False) -> None:
        self.path = path
        self._errors = Errors(
            lambda error: RecordError(f"retrievals at {path}: {error}", hint="check the disk and the path")
        )
        with self._errors:
            if must_exist and not path.is_file():
                raise RecordError(f"no retrievals at {path}", hint="they are written once requests name a store")
            self._connection = open_file(path, _prepare, busy_s=_BUSY_S)

    def add(self, retrievals: Iterable[Retrieval]) -> None:
        """Write all of them or none; one that is there already is replaced, what was said of its use stays.

        Raises:
            RecordError: The disk is full, gone or locked.
        """
        with self._errors, transaction(self._connection) as connection:
            for one in retrievals:
                connection.execute(
                    _INSERT,
                    (
                        one.id,
                        one.created_s,
                        one.who,
                        one.tenant,
                        _utf8(one.store),
                        json.dumps(one.labels),
                        one.allowed,
                        one.tokens,
                        one.ms,
                        _utf8(one.reason),
                        one.reached,
                        one.claims,
                        one.unsupported,
                        one.wider,
                    ),
                )
                connection.execute("delete from fetched where retrieval = ?", (one.id,))
                connection.executemany(
                    "insert into fetched values (?, ?, ?, ?, ?, ?, ?)",
                    [
                        (one.id, rank, _utf8(p.source), _utf8(p.place), p.digest, p.sent, p.cited)
                        for rank, p in enumerate(one.passages, 1)
                    ],
                )

    def judge(self, retrieval: str, *, useful: bool, tenant: str | None = None) -> bool:
        """Note what a caller thinks of an answer; False where there is none of this name, or it is another's.

        Args:
            tenant: Whose it has to be; None: anybody's.
        """
        with self._errors, transaction(self._connection) as connection:
            done = connection.execute(
                "update retrievals set useful = ?1 where id = ?2 and (?3 is null or tenant = ?3)",
                (useful, retrieval, tenant),
            )
            return bool(done.rowcount)

    def recent(
        self, num: int, *, store: str | None = None, who: str | None = None, since_s: float = 0.0
    ) -> list[Retrieval]:
        """The newest, newest first.

        Args:
            who: A tenant, a project or a key: ``acme``, ``acme/web``.
        """
        with self._errors:
            rows = self._connection.execute(
                "select * from retrievals where (?1 is null or store = ?1)"
                " and (?2 is null or who = ?2 or substr(who, 1, length(?2) + 1) = ?2 || '/') and created_s >= ?3"
                " order by created_s desc, id desc limit ?4",
                (store, who, since_s, num),
            ).fetchall()
            return [self._whole(row) for row in rows]

    def rates(
        self, *, store: str | None = None, since_s: float = 0.0, passages: bool = False, num: int = -1
    ) -> list[Rates]:
        """Most often cited first, then most often sent.

        Args:
            passages: A row for each place of a document, not for each document.
            num: Most rows; -1: all.
        """
        place = "f.place" if passages else "''"
        with self._errors:
            rows = self._connection.execute(
                f"select r.store, f.source, {place}, count(*), sum(f.sent), sum(f.sent and r.reached), sum(f.cited),"
                " total(f.sent and r.useful = 1), total(f.sent and r.useful = 0)"
                " from retrievals r join fetched f on f.retrieval = r.id"
                " where r.created_s >= ?1 and (?2 is null or r.store = ?2) group by 1, 2, 3"
                " order by 7 desc, 5 desc, 4 desc, 1, 2, 3 limit ?3",
                (since_s, store, num),
            ).fetchall()
        return [Rates(str(name), str(source), str(at), *map(int, counts)) for name, source, at, *counts in rows]

    def shown(self, store: str, tenant: str, since_s: float, to_s: float, most: int = 20_000) -> list[Shown]:
        """What one tenant's models read in a time, newest first; of answers that were checked or judged."""
        with self._errors:
            rows = self._connection.execute(
                "select f.digest, r.created_s, f.cited, r.useful from retrievals r join fetched f on f.retrieval = r.id"
                " where r.store = ? and r.tenant = ? and r.created_s >= ? and r.created_s < ? and r.reached and f.sent"
                " and (r.claims > 0 or r.useful is not null) order by r.created_s desc limit ?",
                (store, tenant, since_s, to_s, most),
            ).fetchall()
        return [
            Shown(digest, created_s, bool(cited), None if useful is None else bool(useful))
            for digest, created_s, cited, useful in rows
        ]

    def newest_s(self) -> float:
        """When the newest retrieval was made (Unix time); 0 if there is none."""
        with self._errors:
            newest = self._connection.execute("select max(created_s) from retrievals").fetchone()[0]
        return float(newest or 0.0)

    def purge(self, older_than_s: float) -> int:
        """Delete what was fetched before `older_than_s` (Unix time); returns how many retrievals."""
        with self._errors, transaction(self._connection) as connection:
            return connection.execute("delete from retrievals where created_s < ?", (older_than_s,)).rowcount

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> RetrievalLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _whole(self, row: tuple[Any, ...]) -> Retrieval:
        passages = self._connection.execute(
            "select source, place, digest, sent, cited from fetched where retrieval = ? order by rank", (row[0],)
        ).fetchall()
        fetched = tuple(
            FetchedPassage(source, place, digest, bool(sent), bool(cited))
            for source, place, digest, sent, cited in passages
        )
        (
            name,
            created_s,
            who,
            tenant,
            store,
            labels,
            allowed,
            tokens,
            ms,
            reason,
            reached,
            claims,
            unsupported,
            wider,
            useful,
        ) = row
        said = None if useful is None else bool(useful)
        held = tuple(json.loads(labels))
        rest = (fetched, tokens, ms, reason, bool(reached), claims, unsupported, bool(wider), said)
        return Retrieval(name, created_s, who, tenant, store, held, allowed, *rest)


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("pragma foreign_keys = on")
    version = int(connection.execute("pragma user_version").fetchone()[0])
    if version > _VERSION:
        raise RecordError(f"the retrievals have schema {version}, this version knows {_VERSION}", hint="update Sparing")
    if version == _VERSION:
        return
    with transaction(connection):
        for table in _TABLES:
            connection.execute(table)
        connection.execute(f"pragma user_version = {_VERSION}")


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
