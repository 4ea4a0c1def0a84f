"""What was left out: kept per tenant, for a while, up to a size, in a file nobody else can read."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from sparing.errors import RecordError
from sparing.handles import full_handle_of, handle_of
from sparing.record.elided import SqliteElided
from sparing.record.elided_writer import ElidedWriter

TEXT, OTHER = "the whole of a long text \ud83d 🂡", "another"

Opener = Callable[..., SqliteElided]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "recall.sqlite"


def opened(path: Path, keep_s: float = 60.0, max_bytes: int = 1_000_000) -> SqliteElided:
    return SqliteElided(path, keep_s=keep_s, max_bytes=max_bytes)


def test_a_text_comes_back_by_its_handle(path: Path) -> None:
    """By ten digits or by all of them, lone surrogates included, also from another connection."""
    with opened(path) as store:
        store.put("a", [TEXT, OTHER])
        assert store.get("a", handle_of(TEXT)) == TEXT
    with opened(path) as again:
        assert again.get("a", full_handle_of(OTHER)) == OTHER
        assert again.find(handle_of(OTHER)) == OTHER
        assert again.get("a", "0" * 10) is None


def test_a_tenant_sees_its_own_texts_only(path: Path) -> None:
    """Whoever knows a handle of another tenant's is told what one is told who made it up."""
    with opened(path) as store:
        store.put("a", [TEXT])
        assert store.get("b", handle_of(TEXT)) is None
        store.put("b", [TEXT])
        assert store.get("b", handle_of(TEXT)) == TEXT


def test_time_runs_out(path: Path) -> None:
    """What has expired is not given, and is gone from the file when it is purged; putting it again keeps it longer."""
    with opened(path, keep_s=-1.0) as store:
        store.put("a", [TEXT])
        assert store.get("a", handle_of(TEXT)) is None
        assert store.find(handle_of(TEXT)) is None
    with opened(path) as store:
        store.put("a", [TEXT])
        assert store.get("a", handle_of(TEXT)) == TEXT
        assert store.purge() == 0
    with opened(path, keep_s=-1.0) as store:
        store.put("a", [TEXT])
        assert store.purge() == 1
    with sqlite3.connect(path) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    assert b"the whole of a long text" not in path.read_bytes()


def test_the_oldest_goes_first(path: Path) -> None:
    """The file holds no more text than allowed."""
    texts = [f"{number:04d}" * 25 for number in range(10)]
    with opened(path, max_bytes=350) as store:
        for text in texts:
            store.put("a", [text])
        assert [text for text in texts if store.get("a", handle_of(text))] == texts[-3:]


def test_only_the_owner_can_read_it(path: Path) -> None:
    """The file and what SQLite puts beside it, whatever the umask."""
    before = os.umask(0)
    try:
        with opened(path) as store:
            store.put("a", [TEXT])
            files = list(path.parent.iterdir())
            assert len(files) > 1
            assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    finally:
        os.umask(before)


def test_it_survives_being_killed(path: Path) -> None:
    """What `put` has returned from is there after kill -9."""
    script = (
        "import os, signal, sys; from pathlib import Path; from sparing.record.elided import SqliteElided\n"
        "store = SqliteElided(Path(sys.argv[1]), keep_s=60, max_bytes=1000)\n"
        "store.put('a', ['kept']); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    with opened(path) as store:
        assert store.get("a", handle_of("kept")) == "kept"


def test_a_file_that_is_none_of_ours(tmp_path: Path) -> None:
    """A typed error, as is one that has to be there and is not."""
    broken = tmp_path / "broken"
    broken.write_bytes(b"no database, long enough to be told from one" * 10)
    with pytest.raises(RecordError, match="what was left out"):
        opened(broken)
    with pytest.raises(RecordError, match="nothing is kept"):
        SqliteElided(tmp_path / "none", keep_s=1, max_bytes=1, must_exist=True)


def test_the_writer_stores_off_the_callers_thread(path: Path) -> None:
    """What was put is on disk when it is closed; it can be looked up from any thread."""
    writer = ElidedWriter(partial(opened, path))
    writer.start()
    writer.put("a", (TEXT,))
    writer.put("b", (OTHER,))
    writer.close()
    found: list[str | None] = []
    thread = threading.Thread(target=lambda: found.append(writer.get("a", handle_of(TEXT))))
    thread.start()
    thread.join()
    assert found == [TEXT]
    assert writer.get("a", handle_of(OTHER)) is None
    assert (writer.dropped, writer.failed) == (0, 0)


def test_a_failing_disk_breaks_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Texts that cannot be stored are counted, said once, and not found."""
    (tmp_path / "file").touch()
    writer = ElidedWriter(partial(opened, tmp_path / "file" / "recall.sqlite"))
    writer.start()
    writer.put("a", (TEXT, OTHER))
    writer.put("a", (TEXT,))
    writer.close()
    assert writer.failed == 3
    assert len([record for record in caplog.records if "not being kept" in record.message]) == 1
    assert writer.get("a", handle_of(TEXT)) is None


def test_what_comes_too_fast_is_dropped(path: Path) -> None:
    """The queue is bounded by its text."""
    writer = ElidedWriter(partial(opened, path))
    for _ in range(3):
        writer.put("a", ("x" * 30_000_000,))
    assert writer.dropped == 1
