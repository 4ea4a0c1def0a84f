"""Answers kept in a file: they outlast the process, and processes of one machine share them."""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import msgspec

from sparing.errors import RecordError
from sparing.generate.cache.entry import Entry
from sparing.generate.cache.store import StoreStats
from sparing.sqlite_file import Errors, open_file, transaction

T = TypeVar("T")
_BUSY_S = 1.0
_PRIVATE = 0o600
_SECRET_BYTES = 32
_RECOUNT_EVERY = 64  # puts; others may write to the file as well
_USED_AGAIN_S = 60.0  # a use is noted at most so often
_SCHEMA = """
    create table if not exists answers (
        key blob primary key,
        tenant text not null,
        used_s real not null,
        expires_s real not null,
        size_bytes integer not null,
        seal blob not null, -- keyed hash of `data`: a row that was changed or moved is no answer
        data blob not null
    ) without rowid;
    create index if not exists answers_used on answers (used_s, size_bytes);
    create index if not exists answers_expires on answers (expires_s);
"""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


class SqliteStore:
    """One SQLite file in WAL mode, readable by its owner only. Implements `store.Store`; works in a thread of its own.

    Each row carries a hash keyed with a secret that lies beside the file (``.secret``): whoever can write to the file
    but not read the secret cannot make an answer.

    Args:
        path: Made with its folder if it is missing.
        max_entries, max_bytes: The answers used longest ago give way; counted exactly at every 64th, so that the file
            can be that much over.
        must_exist: Refuse to make it: for commands that only look.
    Raises:
        RecordError: The file cannot be opened, or is none of ours.
    """

    def __init__(self, path: Path, *, max_entries: int, max_bytes: int, must_exist: bool = False) -> None:
        self.path = path
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._puts = 0
        self._closed = False
        self._errors = Errors(
            lambda error: RecordError(f"kept answers, at {path}: {error}", hint="check the disk and the path")
        )
        if must_exist and not path.is_file():
            raise RecordError(f"no answers are kept at {path}", hint='[cache] store = "sqlite" keeps them there')
        with self._errors:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._secret = _secret(path.with_name(path.name + ".secret"))
            self._connection = open_file(path, _prepare, busy_s=_BUSY_S, private=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sparing-cache")

    async def get(self, key: bytes) -> Entry | None:
        return await self._run(lambda: self._get(key))

    async def put(self, entry: Entry) -> None:
        await self._run(lambda: self._put(entry))

    async def purge(self, tenant: str = "") -> int:
        where, values = ("where tenant = ?", (tenant,)) if tenant else ("", ())
        return await self._run(lambda: self._connection.execute(f"delete from answers {where}", values).rowcount)

    async def stats(self) -> StoreStats:
        query = "select tenant, count(*), sum(size_bytes) from answers group by tenant order by 2 desc, 1"
        rows = await self._run(lambda: self._connection.execute(query).fetchall())
        return StoreStats(sum(size for _, _, size in rows), {tenant.decode(): num for tenant, num, _ in rows})

    async def aclose(self) -> None:
        """May be called more than once: several upstreams share a store."""
        if not self._closed:
            self._closed = True
            await self._run(self._connection.close)
            self._thread.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        def in_thread() -> T:
            with self._errors:
                return work()

        return await asyncio.get_running_loop().run_in_executor(self._thread, in_thread)

    def _get(self, key: bytes) -> Entry | None:
        query = "select seal, data, used_s from answers where key = ?"
        row = self._connection.execute(query, (key,)).fetchone()
        if row is None:
            return None
        seal, data, used_s = row
        entry = self._opened(seal, data)
        now_s = time.time()
        if entry is None or entry.key != key:
            self._connection.execute("delete from answers where key = ?", (key,))
            return None
        if now_s - used_s > _USED_AGAIN_S:
            self._connection.execute("update answers set used_s = ? where key = ?", (now_s, key))
        return entry

    def _opened(self, seal: object, data: object) -> Entry | None:
        """The entry that `data` is, if we sealed it."""
        if (
            not isinstance(seal, bytes)
            or not isinstance(data, bytes)
            or not hmac.compare_digest(self._seal(data), seal)
        ):
            return None
        try:
            return _decode(data)
        except msgspec.DecodeError:  # an older version's
            return None

    def _put(self, entry: Entry) -> None:
        if entry.size_bytes > self._max_bytes:
            return
        data = _encode(entry)
        row = (entry.key, entry.tenant, time.time(), entry.expires_s, entry.size_bytes, self._seal(data), data)
        with transaction(self._connection) as connection:
            connection.execute("insert or replace into answers values (?, ?, ?, ?, ?, ?, ?)", row)
            if self._puts % _RECOUNT_EVERY == 0:
                self._shrink()
        self._puts += 1

    def _shrink(self) -> None:
        execute = self._connection.execute
        execute("delete from answers where expires_s <= ?", (time.time(),))
        execute(
            "delete from answers where key in (select key from (select key, sum(size_bytes) over newest as held,"
            " row_number() over newest as place from answers window newest as (order by used_s desc, key))"
            " where held > ? or place > ?)",
            (self._max_bytes, self._max_entries),
        )

    def _seal(self, data: bytes) -> bytes:
        return blake2b(data, key=self._secret, digest_size=32, person=b"sparing answer").digest()


def _prepare(connection: sqlite3.Connection) -> None:
    connection.text_factory = bytes  # a row that somebody made text of is read all the same, and refused
    connection.executescript(_SCHEMA)


def _secret(path: Path) -> bytes:
    """What the file at `path` holds, made if it is missing; two processes that make it at once get the same."""
    if not path.exists():
        made = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
        try:
            os.link(made, path)  # fails where another process was faster
        except FileExistsError:
            pass
        finally:
            made.unlink()
    secret = path.read_bytes()
    if len(secret) != _SECRET_BYTES:
        raise RecordError(f"{path} does not hold {_SECRET_BYTES} bytes", hint="delete it and the answers beside it")
    return secret
