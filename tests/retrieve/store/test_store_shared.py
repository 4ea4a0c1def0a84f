"""Many at one store: writers take turns, readers see one state, threads share."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from store_files import EMBEDDER, OWNER, document, filled, vectors, whole

from sparing.errors import StoreError
from sparing.retrieve.store import open_store, schema
from sparing.retrieve.store.sqlite import SqliteStore


def test_two_writers_take_turns(tmp_path: Path) -> None:
    """Documents of both are there in the end."""
    path = tmp_path / "store.db"
    SqliteStore(path, write=True, embedder=EMBEDDER).close()

    def write(first: int) -> None:
        store = SqliteStore(path, write=True, embedder=EMBEDDER)
        for number in range(first, first + 60):
            store.put(document(number), vectors(document(number)))
        store.close()

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 60, 120)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = open_store(path)
    assert len(store.digests()) == 180
    assert len(store.by_words("common", OWNER, 1000)) == 540
    store.close()
    assert whole(path)


def test_a_writer_that_waits_too_long_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is being written by another."""
    monkeypatch.setattr(schema, "_BUSY_S", 0.05)
    first, second = filled(tmp_path / "store.db", 1), SqliteStore(tmp_path / "store.db", write=True)
    with first._writing(), pytest.raises(StoreError, match="being written by another"):
        second.remove(["d0"])
    second.remove(["d0"])
    first.close()
    second.close()


def test_readers_see_one_state_while_a_writer_writes(tmp_path: Path) -> None:
    """Counts and hits of a reader agree at any time, and it sees what was put since it was opened."""
    store, failures = filled(tmp_path / "store.db", 5), []
    done = threading.Event()

    def read() -> None:
        reader = open_store(tmp_path / "store.db")
        try:
            while not done.is_set():
                hits = reader.by_words("common", OWNER, 10_000)
                near = reader.by_vector(EMBEDDER.embed(["common"])[0], OWNER, 10_000)
                failures.extend(["torn"] if len(hits) % 3 or len(near) % 3 else [])
        except Exception as error:
            failures.append(repr(error))
        finally:
            reader.close()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(200):
        store.put(document(number), vectors(document(number)))
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []
    late = open_store(tmp_path / "store.db")
    assert len(late.by_words("common", OWNER, 10_000)) == 600
    late.close()
    store.close()


def test_one_store_is_shared_by_threads(tmp_path: Path) -> None:
    """Searches and puts from many at once."""
    store, failures = filled(tmp_path / "store.db", 50), []

    def work(number: int) -> None:
        try:
            for step in range(30):
                assert len(store.by_words("common", OWNER, 5)) == 5
                assert len(store.by_vector(EMBEDDER.embed(["part1"])[0], OWNER, 5)) == 5
                store.put(document(number * 100 + step), vectors(document(number * 100 + step)))
        except Exception as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    store.close()
    assert whole(tmp_path / "store.db")
