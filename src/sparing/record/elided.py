"""What was left out, kept to be asked for: text by its hash, each caller's apart, for a while, up to a size.

Nothing is kept unless the owner says so (`[recall] store = true`); then in a file of its own that only its owner can
read. `SqliteElided` is one machine's; anything else with the methods of `ElidedStore` will do.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from sparing.errors import RecordError
from sparing.sqlite_file import Errors, open_file, transaction

_BUSY_S = 5.0
_SCHEMA = """
    create table if not exists elided (
        id integer primary key,
        tenant text not null,
        sha256 text not null,
        expires_s real not null,
        size_bytes integer not null,
        text blob not null, -- UTF-8, lone surrogates as they would be encoded
        unique (tenant, sha256)
    );
    create index if not exists elided_age on elided (expires_s, size_bytes);
"""


class ElidedStore(Protocol):
    """Texts by their hash. A tenant is whoever may see what it put there, and nobody else."""

    def put(self, tenant: str, texts: Iterable[str]) -> None:
        """Keep these texts from now on for as long as the store keeps any; one that is there already is kept longer."""
        ...

    def get(self, tenant: str, handle: str) -> str | None:
        """The tenant's text whose SHA-256 begins with `handle`; None if there is none, or its time is over."""
        ...

    def purge(self) -> int:
        """Delete what has expired; returns how many texts that were."""
        ...


class SqliteElided:
    """One SQLite file in WAL mode, readable by its owner only. Use each instance in one thread.

    Args:
        path: Made with its folder if it is missing.
        keep_s: How long a text can be asked for after it was last put.
        max_bytes: Most text to keep; the oldest goes first.
        must_exist: Refuse to make it: for commands that only read.
    Raises:
        RecordError: The file cannot be opened, or is none of ours.
    """

    def __init__(self, path: Path, *, keep_s: float, max_bytes: int, must_exist: bool = False) -> None:
        self.path = path
        self._keep_s = keep_s
        self._max_bytes = max_bytes
        self._errors = Errors(
            lambda error: RecordError(f"what was left out, at {path}: {error}", hint="check the disk and the path")
        )
        if must_exist and not path.is_file():
            raise RecordError(f"nothing is kept at {path}", hint="[recall] store = true keeps what is left out")
        with self._errors:
            self._connection = open_file(path, lambda made: made.executescript(_SCHEMA), busy_s=_BUSY_S, private=True)

    def put(self, tenant: str, texts: Iterable[str]) -> None:
        """Keep all of them or none. See `ElidedStore`.

        Raises:
            RecordError: The disk is full, gone or locked.
        """
        now_s = time.time()
        rows = [
            (tenant, sha256(data).hexdigest(), now_s + self._keep_s, len(data), data) for data in map(_bytes, texts)
        ]
        with self._errors, transaction(self._connection) as connection:
            connection.execute("delete from elided where expires_s <= ?", (now_s,))
            connection.executemany(
                "insert into elided (tenant, sha256, expires_s, size_bytes, text) values (?, ?, ?, ?, ?)"
                " on conflict (tenant, sha256) do update set expires_s = excluded.expires_s",
                rows,
            )
            connection.execute(
                "delete from elided where id in (select id from (select id, sum(size_bytes) over"
                " (order by expires_s desc, id desc) as held_bytes from elided) where held_bytes > ?)",
                (self._max_bytes,),
            )

    def get(self, tenant: str, handle: str) -> str | None:
        return self._one("tenant = ? and", (tenant,), handle)

    def find(self, handle: str) -> str | None:
        """The text of whichever tenant: for the owner of the file."""
        return self._one("", (), handle)

    def purge(self) -> int:
        with self._errors:
            return self._connection.execute("delete from elided where expires_s <= ?", (time.time(),)).rowcount

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> SqliteElided:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _one(self, whose: str, tenant: tuple[str, ...], handle: str) -> str | None:
        # One query, whether the text was never there, is another tenant's, or has expired.
        query = f"select text from elided where {whose} sha256 >= ? and sha256 < ? and expires_s > ? limit 1"
        with self._errors:
            row = self._connection.execute(query, (*tenant, handle, handle + "g", time.time())).fetchone()
        return row[0].decode("utf-8", "surrogatepass") if row else None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
