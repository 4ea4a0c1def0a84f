"""Receipts in SQLite."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from sparing.core.receipt import Receipt, SpanReceipt
from sparing.core.upstream import Spent
from sparing.core.usage import Usage
from sparing.errors import RecordError
from sparing.record.money import Charge
from sparing.record.store import ReceiptStore, Totals

DAY_S = 86_400.0


def receipt(number: int, **changes: object) -> Receipt:
    span = SpanReceipt("messages[0].content", "user", "prose", "prose.v1", 60, 20, 4, "sentences", "", "00")
    plain = SpanReceipt("messages[1].content", "user", "prose", "", 10, 10, 0, "", "short", "00")
    made = Receipt(
        id=f"{number:012x}", created_s=number * 1.0, wire="openai.chat", model="gpt-4o", mode="on", tokens_before=100,
        tokens_after=60, exact=True, reason="", spans=(span, plain), step_ms={"reduce": 1.5}, status=200,
    )  # fmt: skip
    return replace(made, **changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "receipts.sqlite"


def test_a_receipt_comes_back_as_it_was(path: Path) -> None:
    """Every field survives, and the file and its folder are made."""
    with ReceiptStore(path) as store:
        store.add([receipt(1)])
        assert store.get(receipt(1).id) == receipt(1)
        assert store.get("unknown") is None
    with ReceiptStore(path, must_exist=True) as store:
        assert store.recent(5) == [receipt(1)]


def test_recent_is_newest_first_and_can_be_narrowed(path: Path) -> None:
    """The last n, of one model or mode if asked."""
    with ReceiptStore(path) as store:
        store.add([receipt(1), receipt(2, model="claude"), receipt(3, mode="audit"), receipt(4)])
        assert [made.id for made in store.recent(2)] == [receipt(4).id, receipt(3).id]
        assert [made.model for made in store.recent(9, model="claude")] == ["claude"]
        assert [made.mode for made in store.recent(9, mode="audit")] == ["audit"]


def test_adding_again_replaces(path: Path) -> None:
    """The same id is one receipt, also in the sums."""
    with ReceiptStore(path) as store:
        store.add([receipt(1)])
        store.add([receipt(1, tokens_after=50, spans=())])
        assert store.totals() == [Totals("", 1, 100, 50, 50, 0)]
        assert store.totals(by="reducer") == []


def test_totals(path: Path) -> None:
    """Sums by model, day, mode, wire format and reducer; audits count as possible, not as saved."""
    with ReceiptStore(path) as store:
        assert store.totals() == []
        store.add([
            receipt(1),
            receipt(2, model="claude", tokens_after=90),
            receipt(int(DAY_S) + 3, mode="audit", tokens_after=10),
        ])  # fmt: skip
        assert store.totals() == [Totals("", 3, 300, 160, 50, 90)]
        assert store.totals(by="model") == [Totals("gpt-4o", 2, 200, 70, 40, 90), Totals("claude", 1, 100, 90, 10, 0)]
        assert [(row.key, row.num) for row in store.totals(by="day")] == [("1970-01-01", 2), ("1970-01-02", 1)]
        assert [row.key for row in store.totals(by="mode")] == ["on", "audit"]
        assert [row.key for row in store.totals(by="wire")] == ["openai.chat"]
        assert store.totals(by="reducer") == [Totals("prose.v1", 3, 180, 60, 80, 40)]
        assert store.totals(since_s=DAY_S, by="reducer") == [Totals("prose.v1", 1, 60, 20, 0, 40)]
        assert store.totals(since_s=DAY_S) == [Totals("", 1, 100, 10, 0, 90)]


def test_purge(path: Path) -> None:
    """Old receipts go, with what is summed over them."""
    with ReceiptStore(path) as store:
        store.add([receipt(number) for number in range(10)])
        assert store.purge(5.0) == 5
        assert [made.created_s for made in store.recent(99)] == [9.0, 8.0, 7.0, 6.0, 5.0]
        assert store.totals(by="reducer")[0].num == 5


def test_half_characters_do_not_cost_a_receipt(path: Path) -> None:
    """A name with a lone surrogate is written with a replacement, and the others with it."""
    span = replace(receipt(1).spans[0], why="tool \ud800")
    with ReceiptStore(path) as store:
        store.add([receipt(1, model="m\udc00", spans=(span,)), receipt(2)])
        assert store.recent(9)[1].model == "m?"
        assert len(store.recent(9)) == 2


def test_a_batch_is_all_or_nothing(path: Path) -> None:
    """When one row cannot be written none is."""
    with ReceiptStore(path) as store:
        with pytest.raises(RecordError):
            store.add([receipt(1), receipt(2, created_s=None)])
        assert store.recent(9) == []
        store.add([receipt(3)])
        assert len(store.recent(9)) == 1


def test_files_that_are_none_of_ours(tmp_path: Path) -> None:
    """Something else, a folder, or a newer version's file is an error that names the path."""
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"this is not a database, but long enough to be read as one" * 50)
    newer = tmp_path / "newer.sqlite"
    with ReceiptStore(newer):
        pass
    connection = sqlite3.connect(newer)
    connection.execute("pragma user_version = 999")
    connection.close()
    for path, words in ((other, "not a database"), (tmp_path, "unable to open"), (newer, "update Sparing")):
        with pytest.raises(RecordError, match=words):
            ReceiptStore(path)
    with pytest.raises(RecordError, match="no receipts at"):
        ReceiptStore(tmp_path / "missing.sqlite", must_exist=True)
    assert not (tmp_path / "missing.sqlite").exists()


def _read_count(path: Path) -> int:
    with ReceiptStore(path, must_exist=True) as store:
        return len(store.recent(999))


def test_another_process_can_read_meanwhile(path: Path) -> None:
    """While one process has the file open and writes, another sees what was committed."""
    with ReceiptStore(path) as store:
        store.add([receipt(1), receipt(2)])
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.apply(_read_count, (path,)) == 2
        store.add([receipt(3)])
        assert _read_count(path) == 3


_WRITER = """
import sys, time
from pathlib import Path
from sparing.core.receipt import Receipt
from sparing.record.writer import Recorder
recorder = Recorder(Path(sys.argv[1]))
recorder.start()
for number in range(5000):
    recorder.record(Receipt(
        id=f"{number:012x}", created_s=time.time(), wire="w", model="m", mode="on", tokens_before=2,
        tokens_after=1, exact=True, reason="", spans=(), step_ms={}))
    if number == 2999:
        assert recorder.flush()
        print("flushed", flush=True)
recorder.flush()
time.sleep(60)
"""


def test_what_was_flushed_survives_a_kill(path: Path) -> None:
    """A process that is killed outright, perhaps while writing, loses nothing that it had flushed."""
    with subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"flushed\n"
        os.kill(writer.pid, signal.SIGKILL)
    with ReceiptStore(path, must_exist=True) as store:
        ids = {made.id for made in store.recent(9999)}
        assert {f"{number:012x}" for number in range(3000)} <= ids
        store.add([receipt(9999)])


def test_charges(path: Path) -> None:
    """What pricing needs comes back as it was written, oldest first, under the key it is summed by."""
    priced = receipt(
        2, provider="anthropic", resupplied_tokens=1, rewritten_tokens=5, recalled_tokens=2, extra_turns=3, cache_marks=4, usage_input_tokens=50, spent=(Spent("small", "acme", Usage(9, 2, 0, ((300, 1),))),),
        usage_output_tokens=6, usage_cache_read_tokens=40, usage_cache_writes=((300, 4), (3600, 5)),
    )  # fmt: skip
    with ReceiptStore(path) as store:
        store.add([priced, receipt(1)])
        plain, full = store.charges(by="model")
        assert (plain.key, plain.usage) == ("gpt-4o", Usage())
        usage = Usage(50, 6, 40, ((300, 4), (3600, 5)))
        assert full == Charge("gpt-4o", "gpt-4o", "anthropic", "on", usage, 100, 60, 1, 5, 2, 3, 4, priced.spent)
        assert [charge.key for charge in store.charges(since_s=2.0, by="day")] == ["1970-01-01"]
        assert store.get(priced.id) == priced
