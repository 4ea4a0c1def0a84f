"""What a store keeps it gives back, within its bounds, and nothing that was tampered with."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.errors import RecordError
from sparing.generate.cache.entry import Entry
from sparing.generate.cache.sqlite import SqliteStore
from sparing.generate.cache.store import MemoryStore, Store, StoreStats

Make = Callable[..., Store]


def entry(name: str, tenant: str = "one", size: int = 10, expires_s: float = 9e12) -> Entry:
    return Entry(name.encode(), tenant, 200, "application/json", b"x" * size, (size,), 1.0, expires_s)


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    def made(max_entries: int = 100, max_bytes: int = 1_000_000) -> Store:
        if request.param == "memory":
            return MemoryStore(max_entries=max_entries, max_bytes=max_bytes)
        return SqliteStore(tmp_path / "answers.sqlite", max_entries=max_entries, max_bytes=max_bytes)

    return made


async def test_put_get_purge(make: Make) -> None:
    """An entry comes back equal; purging takes one tenant's, or all."""
    store = make()
    for one in (entry("a"), entry("b"), entry("c", "two")):
        await store.put(one)
    assert await store.get(b"a") == entry("a")
    assert await store.get(b"z") is None
    assert await store.stats() == StoreStats(3 * entry("a").size_bytes, {"one": 2, "two": 1})
    assert await store.purge("one") == 2
    assert [await store.get(key) for key in (b"a", b"c")] == [None, entry("c", "two")]
    assert await store.purge() == 1
    assert (await store.stats()).num_entries == 0
    await store.aclose()
    await store.aclose()


async def test_too_large_for_the_store(make: Make) -> None:
    """It is not kept, and pushes nothing out."""
    store = make(max_bytes=5_000)
    await store.put(entry("a"))
    await store.put(entry("b", size=6_000))
    assert [await store.get(key) is not None for key in (b"a", b"b")] == [True, False]
    await store.aclose()


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 3_000)), max_size=60))
def test_memory_stays_within_its_bounds_and_forgets_the_oldest(puts: list[tuple[str, int]]) -> None:
    """After every put: at most 5 entries and 8,000 bytes, and what is there are the newest that fit."""

    async def run() -> None:
        store = MemoryStore(max_entries=5, max_bytes=8_000)
        newest: list[Entry] = []
        for name, size in puts:
            one = entry(name, size=size)
            await store.put(one)
            newest = [one, *(other for other in newest if other.key != one.key)][:5]
            while sum(other.size_bytes for other in newest) > 8_000:
                newest.pop()
            stats = await store.stats()
            assert (stats.num_entries, stats.num_bytes) == (len(newest), sum(other.size_bytes for other in newest))
        for one in newest:
            assert await store.get(one.key) == one

    asyncio.run(run())


async def test_the_file_outlasts_the_process_and_is_private(tmp_path: Path) -> None:
    """Another store on the same file gives the same answers; nobody else can read it."""
    path = tmp_path / "new" / "answers.sqlite"
    first = SqliteStore(path, max_entries=9, max_bytes=99_999)
    await first.put(entry("a"))
    second = SqliteStore(path, max_entries=9, max_bytes=99_999)
    assert await second.get(b"a") == entry("a")
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    await first.aclose()
    await second.aclose()


async def test_the_file_stays_within_its_bounds(tmp_path: Path) -> None:
    """Counted at every 64th put: the newest stay, what is over goes first."""
    store = SqliteStore(tmp_path / "a.sqlite", max_entries=20, max_bytes=1_000_000)
    for number in range(129):
        await store.put(entry(f"{number:03}", expires_s=1.0 if number % 2 else 9e12))
    assert (await store.stats()).num_entries == 20
    assert await store.get(b"128") is not None
    await store.aclose()


@pytest.mark.parametrize(
    "harm",
    [
        "update answers set data = replace(data, x'78', x'79') where key = x'61'",
        "update answers set data = (select data from answers where key = x'62') where key = x'61'",
        "update answers set data = o.data, seal = o.seal from (select * from answers where key = x'62') o"
        " where answers.key = x'61'",
        "update answers set seal = zeroblob(32) where key = x'61'",
        "update answers set seal = 7, data = 'text' where key = x'61'",
    ],
    ids=["changed", "moved without its seal", "moved with its seal", "no seal", "other types"],
)
async def test_a_row_that_was_tampered_with_is_no_answer(tmp_path: Path, harm: str) -> None:
    """It is gone afterwards; the others are there."""
    path = tmp_path / "a.sqlite"
    store = SqliteStore(path, max_entries=9, max_bytes=99_999)
    await store.put(entry("a"))
    await store.put(entry("b", "two"))
    with sqlite3.connect(path) as connection:
        connection.execute(harm)
    connection.close()
    assert await store.get(b"a") is None
    assert await store.get(b"b") == entry("b", "two")
    assert (await store.stats()).num_entries == 1
    await store.aclose()


async def test_another_secret_opens_nothing(tmp_path: Path) -> None:
    """Answers that were kept under a lost secret are asked for again."""
    path = tmp_path / "a.sqlite"
    store = SqliteStore(path, max_entries=9, max_bytes=99_999)
    await store.put(entry("a"))
    await store.aclose()
    path.with_name("a.sqlite.secret").unlink()
    store = SqliteStore(path, max_entries=9, max_bytes=99_999)
    assert await store.get(b"a") is None
    await store.aclose()


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    """None there, none of ours, a short secret: said, not guessed."""
    with pytest.raises(RecordError, match="no answers are kept"):
        SqliteStore(tmp_path / "none", max_entries=1, max_bytes=1, must_exist=True)
    (tmp_path / "text").write_text("no database, but long enough to be looked at" * 9)
    with pytest.raises(RecordError, match="check the disk"):
        SqliteStore(tmp_path / "text", max_entries=1, max_bytes=1)
    (tmp_path / "b.secret").write_bytes(b"short")
    with pytest.raises(RecordError, match="32 bytes"):
        SqliteStore(tmp_path / "b", max_entries=1, max_bytes=1)
