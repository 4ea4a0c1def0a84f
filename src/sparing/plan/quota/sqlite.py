"""Counts in one SQLite file: exact among the threads and processes of a machine, kept when they end."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import msgspec

from sparing.errors import QuotaUnavailable
from sparing.plan.quota.clock import Clock
from sparing.plan.quota.spent import Spent, levels, pressure, refusal
from sparing.plan.quota.store import Ask, Granted, Pressure, Refused, Reservation, Scope, set_aside
from sparing.sqlite_file import Errors, open_file, transaction

_BUSY_S = 30.0
_SIGNS_PER_LEASE = 3  # of life, so that one that is late is not death
_CLOCK_STEP_S = 0.25  # the file's clock is set so often; finer than the seconds that are counted
_SCHEMA = """
    create table if not exists spent (scope text primary key, counts blob not null) without rowid;
    create table if not exists reservations (id integer primary key, worker text not null, whole blob not null);
    create index if not exists reservations_worker on reservations (worker);
    create table if not exists workers (id text primary key, alive_until_s real not null) without rowid;
    create table if not exists clock (id integer primary key check (id = 1), now_s real not null);
"""
_encode = msgspec.msgpack.Encoder().encode
_spent = msgspec.msgpack.Decoder(Spent).decode
_reservation = msgspec.msgpack.Decoder(Reservation).decode


class SqliteQuota:
    """Implements `QuotaStore`; one instance per process, used by any of its threads.

    Every process says now and then that it is alive. Once one has been silent for `lease_s`, what it had set aside and
    not settled is settled for it: its requests count as ended, their prompts as sent, their answers as never made.

    Args:
        path: Made with its folder if it is missing.
        clock: Of this process.
    Raises:
        QuotaUnavailable: The file cannot be opened, or is none of ours.
    """

    def __init__(self, path: Path, *, lease_s: float = 15.0, clock: Clock | None = None) -> None:
        self.path = path
        self._lease_s = lease_s
        self._clock = clock or Clock()
        self._worker = uuid4().hex
        self._looked_s = float("-inf")
        self._lock, self._reading = threading.Lock(), threading.Lock()
        self._errors = Errors(
            lambda error: QuotaUnavailable(
                f"quotas at {path} cannot be counted: {error}", hint="check the disk and quota.path"
            ),
            msgspec.DecodeError,
        )
        with self._errors:
            self._connection = open_file(path, self._prepare, busy_s=_BUSY_S)
            self._reader = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        self._closing = threading.Event()
        self._life = threading.Thread(target=self._live, name="sparing-quota-lease", daemon=True)
        self._life.start()

    def reserve(self, scopes: Sequence[Scope], ask: Ask) -> Granted | Refused:
        with self._errors, self._lock, transaction(self._connection) as connection:
            now_s = self._now()
            second = int(now_s)
            self._settle_for_the_dead(now_s)
            names = tuple(scope.name for scope in scopes)
            spent = _read(connection, names, second)
            refused = refusal(scopes, spent, ask, now_s)
            if refused is not None:
                return refused
            for used in spent:
                used.take(second, ask.tokens, ask.nusd, requests=ask.requests)
                used.streams += ask.requests
            self._keep(names, spent)
            made = set_aside(0, names, second, ask)
            row = connection.execute(
                "insert into reservations (worker, whole) values (?, ?)", (self._worker, _encode(made))
            )
            return Granted(msgspec.structs.replace(made, id=row.lastrowid), levels(scopes, spent, now_s))

    def settle(self, reservation: Reservation, tokens: int, nusd: int) -> None:
        with self._errors, self._lock, transaction(self._connection) as connection:
            second = int(self._now())
            row = connection.execute(
                "delete from reservations where id = ? and worker = ?", (reservation.id, self._worker)
            )
            if row.rowcount:
                self._correct(reservation, second, tokens, nusd)

    def pressure(self, scopes: Sequence[Scope], ask: Ask) -> Pressure:
        """See `QuotaStore.pressure`. Reads what is there and waits for nobody who writes."""
        with self._errors, self._reading:
            second = int(self._clock.now_s())
            return pressure(scopes, _read(self._reader, [scope.name for scope in scopes], second), ask)

    def close(self) -> None:
        """Leave; what was set aside and not settled counts as its prompt alone."""
        self._closing.set()
        self._life.join()
        try:
            with self._errors, self._lock, transaction(self._connection):
                self._bury(self._worker, int(self._now()))
        finally:
            self._connection.close()
            self._reader.close()

    def _correct(self, reservation: Reservation, second: int, tokens: int, nusd: int) -> None:
        spent = _read(self._connection, reservation.scopes, second)
        for used in spent:
            used.streams = max(used.streams - reservation.requests, 0)
            used.correct(reservation, second, tokens - reservation.tokens, nusd - reservation.nusd)
        self._keep(reservation.scopes, spent)

    def _keep(self, names: Sequence[str], spent: Sequence[Spent]) -> None:
        rows = [(name, _encode(used)) for name, used in zip(names, spent, strict=True)]
        self._connection.executemany("insert or replace into spent values (?, ?)", rows)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.executescript(_SCHEMA)
        self._connection = connection
        with transaction(connection):
            self._begin()

    def _begin(self) -> None:
        """Enter. Whoever comes first takes the wall clock as it is; the others follow the clock that is there."""
        if not self._connection.execute("select 1 from workers limit 1").fetchone():
            now_s = self._clock.now_s()
            ahead = self._connection.execute("select scope from spent, clock where now_s > ?", (now_s,)).fetchall()
            self._connection.execute("insert or replace into clock values (1, ?)", (now_s,))
            for name in ahead:  # what was counted ahead of it counts as of now; there may be very many
                self._keep(name, _read(self._connection, name, int(now_s)))
        self._sign(self._now())

    def _now(self) -> float:
        """The time that all who share the file agree on."""
        row = self._connection.execute("select now_s from clock").fetchone()
        seen_s: float = row[0]
        now_s = self._clock.follow(seen_s)
        if now_s > seen_s + _CLOCK_STEP_S and self._connection.in_transaction:
            self._connection.execute("update clock set now_s = ?", (now_s,))
        return now_s

    def _sign(self, now_s: float) -> None:
        self._connection.execute("insert or replace into workers values (?, ?)", (self._worker, now_s + self._lease_s))

    def _live(self) -> None:
        while not self._closing.wait(self._lease_s / _SIGNS_PER_LEASE):
            try:
                with self._errors, self._lock, transaction(self._connection):
                    self._sign(self._now())
            except QuotaUnavailable:  # the requests that need the file say so themselves
                continue

    def _settle_for_the_dead(self, now_s: float) -> None:
        if now_s < self._looked_s + 1:
            return
        self._looked_s = now_s
        self._sign(now_s)
        silent = self._connection.execute("select id from workers where alive_until_s < ?", (now_s,)).fetchall()
        for (worker,) in silent:
            self._bury(worker, int(now_s))

    def _bury(self, worker: str, second: int) -> None:
        rows = self._connection.execute("delete from reservations where worker = ? returning whole", (worker,))
        for (whole,) in rows.fetchall():
            left = _reservation(whole)
            self._correct(left, second, left.sure_tokens, left.sure_nusd)
        self._connection.execute("delete from workers where id = ?", (worker,))


def _read(connection: sqlite3.Connection, names: Sequence[str], second: int) -> list[Spent]:
    """The counts of some scopes, as of now."""
    marks = ", ".join("?" * len(names))  # the statement is prepared once for each number of scopes: they are few
    rows = dict(connection.execute(f"select scope, counts from spent where scope in ({marks})", names))
    return [(_spent(rows[name]) if name in rows else Spent()).at(second) for name in names]
