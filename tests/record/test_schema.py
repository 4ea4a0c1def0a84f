"""Receipts of older versions."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from sparing.core.usage import Usage
from sparing.record.money import Charge
from sparing.record.schema import migrate
from sparing.record.store import ReceiptStore

# As version 0.1.0 made the file.
_OLD = """
create table receipts (
    id text primary key, created_s real not null, wire text not null, model text not null, mode text not null,
    tokens_before integer not null, tokens_after integer not null, status integer not null, whole text not null
) without rowid;
create index receipts_created on receipts (created_s);
create table reducer_totals (
    receipt text not null references receipts (id) on delete cascade, reducer text not null,
    tokens_before integer not null, tokens_after integer not null, primary key (receipt, reducer)
) without rowid;
pragma user_version = 1;
"""


def _old_file(path: Path, num: int) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(_OLD)
    for number in range(num):
        whole = {
            "id": f"{number:04}", "created_s": float(number), "wire": "openai.chat", "model": "gpt-4o", "mode": "on",
            "tokens_before": 100, "tokens_after": 60, "exact": True, "reason": "", "spans": [], "step_ms": {},
            "status": 200, "usage_input_tokens": 61 + number, "usage_output_tokens": 7, "total_ms": 1.0,
            "first_byte_ms": 0.5, "error": "",
        }  # fmt: skip
        connection.execute(
            "insert into receipts values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (f"{number:04}", float(number), "openai.chat", "gpt-4o", "on", 100, 60, 200, msgspec.json.encode(whole)),
        )
    connection.commit()
    connection.close()


def test_an_old_file_is_brought_up_to_date(tmp_path: Path) -> None:
    """Its receipts stay, with the usage that they knew; what they could not know is unknown, not 0."""
    path = tmp_path / "receipts.sqlite"
    _old_file(path, 3)
    with ReceiptStore(path) as store:
        assert [made.usage_input_tokens for made in store.recent(9)] == [63, 62, 61]
        assert {made.usage_cache_read_tokens for made in store.recent(9)} == {-1}
        charges = list(store.charges())
    assert charges[1] == Charge("", "gpt-4o", "", "on", Usage(62, 7), 100, 60)


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    """The version says what was done."""
    path = tmp_path / "receipts.sqlite"
    _old_file(path, 1)
    for _ in range(2):
        connection = sqlite3.connect(path, isolation_level=None)
        migrate(connection)
        assert connection.execute("pragma user_version").fetchone() == (4,)
        assert len(connection.execute("pragma table_info(receipts)").fetchall()) == 22
        connection.close()
