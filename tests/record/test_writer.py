"""The recorder: off the hot path, bounded, and never in the way."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sparing.core.receipt import Receipt
from sparing.record.store import ReceiptStore
from sparing.record.writer import Recorder

Make = Callable[..., Recorder]


def receipt(number: int, created_s: float | None = None) -> Receipt:
    return Receipt(
        id=f"{number:012x}", created_s=time.time() if created_s is None else created_s, wire="w", model="m", mode="on",
        tokens_before=2, tokens_after=1, exact=True, reason="", spans=(), step_ms={},
    )  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "receipts.sqlite"


@pytest.fixture
def make(path: Path) -> Iterator[Make]:
    made: list[Recorder] = []

    def start(at: Path = path, **options: float) -> Recorder:
        recorder = Recorder(at, **options)  # type: ignore[arg-type]
        recorder.start()
        made.append(recorder)
        return recorder

    yield start
    for recorder in made:
        recorder.close()


def ids(path: Path) -> list[str]:
    with ReceiptStore(path, must_exist=True) as store:
        return sorted(made.id for made in store.recent(100_000))


def test_receipts_are_written(make: Make, path: Path) -> None:
    """What was recorded is in the file after a flush, and the rest after closing."""
    recorder = make()
    for number in range(1000):
        recorder.record(receipt(number))
    assert recorder.flush()
    assert len(ids(path)) == 1000
    recorder.record(receipt(1000))
    recorder.close()
    assert len(ids(path)) == 1001
    assert (recorder.dropped, recorder.failed) == (0, 0)


def test_receipts_are_written_without_being_asked(make: Make, path: Path) -> None:
    """The thread wakes by itself."""
    make(interval_s=0.01).record(receipt(1))
    end_s = time.monotonic() + 10
    while not (path.exists() and ids(path)):
        assert time.monotonic() < end_s, "nothing was written"
        time.sleep(0.02)


def test_more_than_can_be_written_is_dropped_and_counted(path: Path) -> None:
    """A full queue takes no more; what is in it is not lost."""
    recorder = Recorder(path, max_queued=10)
    for number in range(25):
        recorder.record(receipt(number))
    assert recorder.dropped == 15
    recorder.start()
    recorder.close()
    assert len(ids(path)) == 10


def test_a_failing_disk_breaks_nothing(make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A path that cannot be written costs the receipts, which are counted, and one line in the log."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    recorder = make(blocked / "receipts.sqlite")
    with caplog.at_level(logging.ERROR):
        for number in range(3):
            recorder.record(receipt(number))
            assert recorder.flush()
    assert recorder.failed == 3
    assert len([record for record in caplog.records if record.name == "sparing.record"]) == 1
    blocked.unlink()
    recorder.record(receipt(9))
    assert recorder.flush()
    assert ids(blocked / "receipts.sqlite") == [receipt(9).id]


def test_old_receipts_are_deleted_at_the_start(make: Make, path: Path) -> None:
    """What is older than the days to keep goes."""
    with ReceiptStore(path) as store:
        store.add([receipt(1, created_s=time.time() - 10 * 86_400), receipt(2)])
    recorder = make(keep_days=5)
    recorder.close()
    assert ids(path) == [receipt(2).id]


def test_a_clock_that_is_years_ahead_deletes_nothing(make: Make, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at its start, and not by the row that it wrote itself."""
    with ReceiptStore(path) as store:
        store.add([receipt(1, created_s=time.time() - 86_400), receipt(2)])
    true = time.time
    monkeypatch.setattr(time, "time", lambda: true() + 3 * 365 * 86_400)
    recorder = make(keep_days=5)
    recorder.record(receipt(3))
    recorder.close()
    assert ids(path) == [receipt(number).id for number in (1, 2, 3)]


def test_it_can_be_started_again(make: Make, path: Path) -> None:
    """Closing and starting again goes on where it was; closing twice is closing once."""
    recorder = make()
    recorder.record(receipt(1))
    recorder.close()
    recorder.close()
    recorder.start()
    recorder.record(receipt(2))
    assert recorder.flush()
    assert len(ids(path)) == 2


def test_closing_ends_the_thread(make: Make) -> None:
    """Nothing is left running."""
    recorder = make()
    recorder.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "sparing-receipts"]
