"""A store's file: its tables, its version, and how it is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sparing.errors import StoreError
from sparing.retrieve.store import postings
from sparing.sqlite_file import transaction

VERSION = 1  # of the tables, of a posting's bits and of what the words of a text are
APPLICATION_ID = 0x53504152  # "SPAR", in the file's header: whose file it is
_BUSY_S = 20.0
_CACHE_KIB = 16_384
_LOG_BYTES = 64 << 20  # what the write-ahead log may keep on the disk while nothing is in it

# A document's row is its first passage's, so a passage's document is the last at or before it. Rows are not used again.
_TABLES = f"""
    create table meta (key text primary key, value not null) without rowid;
    insert into meta values ('next_row', 1), ('removed', 0), ('model', ''), ('dimensions', 0);
    create table sets (
        id integer primary key, labels text not null unique,
        documents integer not null, passages integer not null, words integer not null
    );
    create table documents (
        id integer primary key, source text not null unique, digest text not null,
        set_id integer not null, passages integer not null, words integer not null
    );
    create table passages (
        id integer primary key, start integer not null, end integer not null, place text not null,
        content text not null, heads text not null, text text not null
    );
    create table vectors (
        document integer primary key, set_id integer not null, rows integer not null,
        codes blob not null, scales blob not null
    );
    {postings.SCHEMA}
"""


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """A connection to a store, which is made with its folder if it is to be written and missing.

    Raises:
        StoreError: There is none, it is no store, or one of a newer version.
        sqlite3.Error: It cannot be opened.
    """
    if write:
        path.parent.mkdir(parents=True, exist_ok=True)
    elif not path.is_file():
        raise StoreError(f"there is no store at {path}", hint="`sparing index FOLDER` makes one")
    connection = _opened(path, write=write)
    try:
        if write and _is_empty(connection):
            _make(connection)
        _check(connection, path)
        if write:
            _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _opened(path: Path, *, write: bool) -> sqlite3.Connection:
    uri = path.absolute().as_uri()
    if write:
        return _pragmas(_connection(f"{uri}?mode=rwc"))
    try:
        return _pragmas(_connection(f"{uri}?mode=ro"))
    except sqlite3.OperationalError:
        log = path.with_name(path.name + "-wal")
        if log.is_file() and log.stat().st_size:
            raise
        # Readers of a write-ahead log need a file beside it. Where they may not make one, nobody writes either.
        return _pragmas(_connection(f"{uri}?mode=ro&immutable=1"))


def _connection(uri: str) -> sqlite3.Connection:
    # Autocommit, so that transactions are exactly where they are written.
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)


def _pragmas(connection: sqlite3.Connection) -> sqlite3.Connection:
    try:
        connection.execute(f"pragma cache_size = -{_CACHE_KIB}")
        connection.execute("pragma temp_store = memory")
        connection.execute("pragma user_version").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _make(connection: sqlite3.Connection) -> None:
    """The tables; whoever comes second finds them."""
    connection.execute("pragma auto_vacuum = incremental")
    connection.execute("pragma journal_mode = wal")
    with transaction(connection):
        if _is_empty(connection):
            for statement in filter(str.strip, _TABLES.split(";")):
                connection.execute(statement)
            connection.execute(f"pragma application_id = {APPLICATION_ID}")
            connection.execute(f"pragma user_version = {VERSION}")


def _prepare(connection: sqlite3.Connection) -> None:
    # A commit survives the process; the last ones may not survive a power cut, the file does.
    connection.execute("pragma synchronous = normal")
    connection.execute(f"pragma journal_size_limit = {_LOG_BYTES}")


def _is_empty(connection: sqlite3.Connection) -> bool:
    return not connection.execute("select count(*) from sqlite_master").fetchone()[0]


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("pragma application_id").fetchone()[0] != APPLICATION_ID:
        raise StoreError(f"{path} is no store of passages", hint="give the path of one that `sparing index` made")
    version = connection.execute("pragma user_version").fetchone()[0]
    if version > VERSION:
        raise StoreError(
            f"the store {path} was made by a newer version of Sparing (form {version}, this one reads {VERSION})",
            hint="upgrade Sparing, or index into another file",
        )
