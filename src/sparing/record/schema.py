"""The tables, and how an older file becomes a newer one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from sparing.errors import RecordError
from sparing.sqlite_file import transaction


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest schema, in one transaction; `user_version` counts the steps taken.

    Raises:
        RecordError: A newer Sparing wrote it.
    """
    if _version(connection) == len(_STEPS):
        return
    with transaction(connection):  # two processes may find the same new file
        for step in _STEPS[_known(_version(connection)) :]:
            step(connection)
        connection.execute(f"pragma user_version = {len(_STEPS)}")


def _known(version: int) -> int:
    if version > len(_STEPS):
        raise RecordError(
            f"the receipts have schema {version}, this version knows {len(_STEPS)}", hint="update Sparing"
        )
    return version


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


def _create(connection: sqlite3.Connection) -> None:
    connection.execute(
        """
        create table receipts (
            id text primary key,
            created_s real not null,
            wire text not null,
            model text not null,
            mode text not null,
            tokens_before integer not null,
            tokens_after integer not null,
            status integer not null,
            whole text not null -- the receipt as JSON; the columns beside it are what is searched and summed
        ) without rowid
        """
    )
    connection.execute("create index receipts_created on receipts (created_s)")
    connection.execute(
        """
        create table reducer_totals (
            receipt text not null references receipts (id) on delete cascade,
            reducer text not null,
            tokens_before integer not null,
            tokens_after integer not null,
            primary key (receipt, reducer)
        ) without rowid
        """
    )


def _add_usage(connection: sqlite3.Connection) -> None:
    """What a receipt needs beside it to be priced. Older receipts know the tokens in and out, and nothing of caches."""
    for column in (
        "provider text not null default ''",
        "usage_input_tokens integer not null default -1",
        "usage_output_tokens integer not null default -1",
        "usage_cache_read_tokens integer not null default -1",
        "usage_cache_writes text not null default '[]'",
        "resupplied_tokens integer not null default 0",
        "rewritten_tokens integer not null default 0",
        "recalled_tokens integer not null default 0",
        "extra_turns integer not null default 0",
        "cache_marks integer not null default 0",
    ):
        connection.execute(f"alter table receipts add column {column}")
    connection.execute(
        """
        update receipts set
            usage_input_tokens = coalesce(json_extract(cast(whole as text), '$.usage_input_tokens'), -1),
            usage_output_tokens = coalesce(json_extract(cast(whole as text), '$.usage_output_tokens'), -1)
        """
    )


def _add_policies(connection: sqlite3.Connection) -> None:
    """Under which policy a request came, and whose it was."""
    for column in ("policy", "tenant"):
        connection.execute(f"alter table receipts add column {column} text not null default ''")


def _add_spent(connection: sqlite3.Connection) -> None:
    """What answers cost that nobody was shown."""
    connection.execute("alter table receipts add column spent text not null default '[]'")


_STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (_create, _add_usage, _add_policies, _add_spent)
