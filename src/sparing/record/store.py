"""Receipts in SQLite: one writer, any number of readers, in any process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from sparing.core.receipt import Receipt
from sparing.core.upstream import Spent
from sparing.core.usage import CacheWrites, Usage
from sparing.errors import RecordError
from sparing.record.money import Charge
from sparing.record.schema import migrate
from sparing.sqlite_file import Errors, open_file, transaction

By = Literal["model", "day", "reducer", "mode", "wire", "policy", "tenant"]
MoneyBy = Literal["model", "day", "mode", "wire", "policy", "tenant"]

_BUSY_S = 5.0
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Receipt).decode
_decode_writes = msgspec.json.Decoder(CacheWrites).decode
_decode_spent = msgspec.json.Decoder(tuple[Spent, ...]).decode

# `saved` is what was really left out; in `audit` mode the original went out, so what was found there is `possible`.
_SUMS = """
    count(*),
    total(r.tokens_before), total(r.tokens_after),
    total(case when r.mode = 'on' then r.tokens_before - r.tokens_after end),
    total(case when r.mode = 'audit' then r.tokens_before - r.tokens_after end)
"""
_KEYS: dict[By, str] = {
    "model": "r.model",
    "day": "date(r.created_s, 'unixepoch')",
    "mode": "r.mode",
    "wire": "r.wire",
    "policy": "r.policy",
    "tenant": "r.tenant",
}
_CHARGED = """
    tokens_before, tokens_after, resupplied_tokens, rewritten_tokens, recalled_tokens, extra_turns, cache_marks,
    usage_input_tokens, usage_output_tokens, usage_cache_read_tokens, usage_cache_writes, spent
"""
_INSERT = (
    "insert or replace into receipts (id, created_s, wire, model, mode, policy, tenant, provider, status, whole,"
    f" {_CHARGED}) values ({', '.join('?' * 22)})"
)
_BY_REDUCER = """
    (select t.reducer as reducer, t.tokens_before, t.tokens_after, r.mode, r.created_s
     from reducer_totals t join receipts r on r.id = t.receipt)
"""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over receipts.

    Attributes:
        key: The model, UTC day (``2026-01-31``), reducer, mode, wire, policy or tenant; "" for the sum of all.
        num: Requests; for reducers, requests that it had a part in.
        tokens_before: For reducers: of the spans that it took.
        saved_tokens: Left out of what was sent.
        possible_tokens: Could have been left out; found in `audit` mode.
    """

    key: str
    num: int
    tokens_before: int
    tokens_after: int
    saved_tokens: int
    possible_tokens: int


class ReceiptStore:
    """One SQLite file in WAL mode. Use each instance in one thread.

    Args:
        path: Made with its folder if it is missing.
        must_exist: Refuse to make it: for commands that only read.
    Raises:
        RecordError: The file cannot be opened, or is none of ours.
    """

    def __init__(self, path: Path, *, must_exist: bool = False) -> None:
        self.path = path
        self._errors = Errors(
            lambda error: RecordError(f"receipts at {path}: {error}", hint="check the disk and the path")
        )
        if must_exist and not path.is_file():
            raise RecordError(f"there are no receipts at {path}", hint="they are written once requests are served")
        with self._errors:
            self._connection = open_file(path, _prepare, busy_s=_BUSY_S)

    def add(self, receipts: Iterable[Receipt]) -> None:
        """Write all of them or none. A receipt that is there already is replaced.

        Raises:
            RecordError: The disk is full, gone or locked.
        """
        rows = [(receipt, _by_reducer(receipt)) for receipt in map(_storable, receipts)]
        with self._errors, transaction(self._connection) as connection:
            connection.executemany(_INSERT, [_row(receipt) for receipt, _ in rows])
            connection.executemany(
                "insert or replace into reducer_totals values (?, ?, ?, ?)",
                [(receipt.id, *total) for receipt, totals in rows for total in totals],
            )

    def get(self, receipt_id: str) -> Receipt | None:
        """The receipt with this id."""
        with self._errors:
            row = self._connection.execute("select whole from receipts where id = ?", (receipt_id,)).fetchone()
        return _decode(row[0]) if row else None

    def recent(self, num: int, *, model: str | None = None, mode: str | None = None) -> list[Receipt]:
        """The newest, newest first."""
        with self._errors:
            rows = self._connection.execute(
                "select whole from receipts where (?1 is null or model = ?1) and (?2 is null or mode = ?2)"
                " order by created_s desc, id desc limit ?3",
                (model, mode, num),
            ).fetchall()
        return [_decode(row[0]) for row in rows]

    def totals(self, *, since_s: float = 0.0, by: By | None = None) -> list[Totals]:
        """Sums over the receipts made since `since_s` (Unix time), most saved first; by day: in order of days.

        Without `by` one sum of everything, and none if there is nothing.
        """
        source = _BY_REDUCER if by == "reducer" else "receipts"
        key = "''" if by is None else "r.reducer" if by == "reducer" else _KEYS[by]
        order = "1" if by == "day" else "5 desc, 6 desc, 1"
        with self._errors:
            rows = self._connection.execute(
                f"select {key}, {_SUMS} from {source} r where r.created_s >= ? group by 1 order by {order}", (since_s,)
            ).fetchall()
        return [Totals(str(name), *map(int, sums)) for name, *sums in rows]

    def charges(self, *, since_s: float = 0.0, by: MoneyBy | None = None) -> Iterator[Charge]:
        """What is needed to price each receipt made since `since_s` (Unix time), oldest first."""
        name = "''" if by is None else _KEYS[by]
        with self._errors:
            rows = self._connection.execute(
                f"select {name}, r.model, r.provider, r.mode, {_CHARGED} from receipts r"
                " where r.created_s >= ? order by r.created_s, r.id",
                (since_s,),
            )
            for key, model, provider, mode, *counts in rows:
                *ours, given, made, read, writes, spent = counts
                usage = Usage(given, made, read, _decode_writes(writes))
                yield Charge(str(key), model, provider, mode, usage, *[*ours, _decode_spent(spent)])

    def newest_s(self) -> float:
        """When the newest receipt was made (Unix time); 0 if there is none."""
        with self._errors:
            newest = self._connection.execute("select max(created_s) from receipts").fetchone()[0]
        return float(newest or 0.0)

    def purge(self, older_than_s: float) -> int:
        """Delete receipts made before `older_than_s` (Unix time); returns how many."""
        with self._errors, transaction(self._connection) as connection:
            return connection.execute("delete from receipts where created_s < ?", (older_than_s,)).rowcount

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> ReceiptStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("pragma foreign_keys = on")
    migrate(connection)


def _storable(receipt: Receipt) -> Receipt:
    """The receipt without lone surrogates, which a request can carry in names but UTF-8 cannot."""
    try:
        _encode(receipt)
    except UnicodeEncodeError:
        return msgspec.convert(_without_surrogates(msgspec.to_builtins(receipt)), Receipt)
    return receipt


def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value


def _row(receipt: Receipt) -> tuple[object, ...]:
    return (
        receipt.id,
        receipt.created_s,
        receipt.wire,
        receipt.model,
        receipt.mode,
        receipt.policy,
        receipt.tenant,
        receipt.provider,
        receipt.status,
        _encode(receipt),
        receipt.tokens_before,
        receipt.tokens_after,
        receipt.resupplied_tokens,
        receipt.rewritten_tokens,
        receipt.recalled_tokens,
        receipt.extra_turns,
        receipt.cache_marks,
        receipt.usage_input_tokens,
        receipt.usage_output_tokens,
        receipt.usage_cache_read_tokens,
        _encode(receipt.usage_cache_writes).decode(),
        _encode(receipt.spent).decode(),
    )


def _by_reducer(receipt: Receipt) -> list[tuple[str, int, int]]:
    """What each reducer took and left in one request; spans that nobody reduced have no reducer and no row."""
    sums: dict[str, tuple[int, int]] = {}
    for span in receipt.spans:
        if span.reducer and span.tokens_after < span.tokens_before:
            before, after = sums.get(span.reducer, (0, 0))
            sums[span.reducer] = (before + span.tokens_before, after + span.tokens_after)
    return [(reducer, *sums[reducer]) for reducer in sorted(sums)]
