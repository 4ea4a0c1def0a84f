"""A file that grows is in the store as it is, whatever happens to it; what tells most comes first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_store import MemoryStore
from numpy.typing import NDArray

from sparing.core.passage import Document, Passage, Rights
from sparing.errors import SourceBinary, SourceUnreadable
from sparing.retrieve.follow.follower import Follower, follow
from sparing.retrieve.follow.tail import STRETCH_BYTES, Stretch, Tail
from sparing.retrieve.follow.telling import most_telling_first
from sparing.retrieve.ingest import Ingest, ingest
from sparing.retrieve.walk import Found

OWNER = Rights(everything=True)


class Watched(MemoryStore):
    """Remembers what was put, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.puts: list[str] = []

    def put(self, document: Document, vectors: NDArray[np.float32] | None) -> None:
        self.puts.append(document.source)
        super().put(document, vectors)


def lines(first: int, last: int, words: str = "took a job from the queue") -> str:
    return "".join(f"2026-01-01 00:00:{n % 60:02d} INFO worker {n} {words}\n" for n in range(first, last))


def held(store: MemoryStore) -> list[Passage]:
    return sorted(
        store.passages(range(1, 10**5), OWNER),
        key=lambda passage: (int(passage.source.split("#L")[1]), passage.position),
    )


def text_in(store: MemoryStore) -> str:
    return "".join(passage.text + "\n" for passage in held(store))


def follower(path: Path, store: MemoryStore, labels: frozenset[str] | None = None) -> Follower:
    return Follower(Found(str(path), path.name, 0, named=True), store, None, labels)


def caught_up(one: Follower) -> None:
    while one.step():
        pass


def test_what_is_added_is_found_and_nothing_else_is_put_again(tmp_path: Path) -> None:
    """Only the last stretch; places count the lines of the file."""
    path, store = tmp_path / "app.log", Watched()
    path.write_text(lines(0, 3000))
    one = follower(path, store)
    caught_up(one)
    before = len(store.puts)
    with path.open("a") as file:
        file.write("2026-01-01 00:00:01 ERROR the turbine stopped\n")
    caught_up(one)
    assert len(store.puts) == before + 1
    (best,) = store.by_words("turbine", OWNER, 1)
    (passage,) = store.passages([best.id], OWNER)
    assert passage.place.endswith("-3001")
    assert passage.source.startswith("app.log#L")
    assert text_in(store) == path.read_text()


def test_a_line_that_is_being_written_waits_for_its_end(tmp_path: Path) -> None:
    """Unless nothing more comes."""
    path, store = tmp_path / "app.log", Watched()
    path.write_text(lines(0, 5) + "half a li")
    one = follower(path, store)
    one.step()
    assert "half" not in text_in(store)
    caught_up(one)
    assert "half a li" in text_in(store)


@pytest.mark.parametrize("how", ["truncated", "moved away", "written over"])
def test_a_file_that_begins_anew_is_read_anew(tmp_path: Path, how: str) -> None:
    """What it held before is gone from the store."""
    path, store = tmp_path / "app.log", Watched()
    path.write_text(lines(0, 3000))
    one = follower(path, store)
    caught_up(one)
    if how == "moved away":
        path.rename(tmp_path / "app.log.1")
    path.write_text(lines(5000, 5100 if how == "truncated" else 9000, "has other words"))
    caught_up(one)
    assert text_in(store) == path.read_text()
    assert {passage.source for passage in held(store)} == set(store.digests())


def test_the_newest_and_the_telling_come_first(tmp_path: Path) -> None:
    """An error among the routine before the routine."""
    path, store = tmp_path / "app.log", Watched()
    path.write_text(lines(0, 3000) + "2026-01-01 00:00:01 FATAL reactor meltdown imminent\n" * 3 + lines(3000, 9000))
    one = follower(path, store)
    one.step()
    first, second = (int(source.split("#L")[1]) for source in store.puts[:2])
    assert first == max(int(source.split("#L")[1]) for source in store.puts)
    assert one.behind > 5
    assert second <= 3001 < second + 700
    caught_up(one)
    assert text_in(store) == path.read_text()


def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """With the labels that it has."""
    path, store = tmp_path / "app.log", Watched()
    path.write_text(lines(0, 3000))
    caught_up(follower(path, store, frozenset({"tenant:acme"})))
    before = len(store.puts)
    with path.open("a") as file:
        file.write(lines(3000, 3010))
    again = follower(path, store)
    caught_up(again)
    assert len(store.puts) == before + 1
    assert again.done.unchanged > 0
    assert all(digest.endswith(" tenant:acme") for digest in store.digests().values())


def test_a_followed_file_is_left_alone_where_its_folder_is_indexed(tmp_path: Path) -> None:
    """Named itself it is indexed whole, instead of its stretches; followed again, the other way round."""
    path, store = tmp_path / "app.log", Watched()
    path.write_text(lines(0, 3000))
    caught_up(follower(path, store))
    stretches = set(store.digests())
    done = ingest([str(tmp_path)], store, None, Ingest(tmp_path))
    assert set(store.digests()) == stretches
    assert [(left.source, left.why) for left in done.left] == [("app.log", "followed")]
    ingest([str(path)], store, None, Ingest(tmp_path))
    assert set(store.digests()) == {"app.log"}
    caught_up(follower(path, store))
    assert set(store.digests()) == stretches


def test_what_is_no_text_is_not_followed(tmp_path: Path) -> None:
    """Told at once."""
    path = tmp_path / "app.log"
    path.write_bytes(b"\0\1" * 100)
    with pytest.raises(SourceBinary):
        follower(path, MemoryStore())


def test_nothing_is_lost_where_the_file_is_away_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look that finds what is new and the reading of it."""
    path, store = tmp_path / "app.log", Watched()
    path.write_text(lines(0, 2000))
    one = follower(path, store)
    read, fails = Tail.read, iter([True, False, True])

    def flaky(tail: Tail, stretch: Stretch) -> bytes:
        if next(fails, False):
            raise SourceUnreadable("away")
        return read(tail, stretch)

    monkeypatch.setattr(Tail, "read", flaky)
    for _ in range(2):
        with pytest.raises(SourceUnreadable):
            one.step()
    caught_up(one)
    assert text_in(store) == path.read_text()


def test_a_file_that_is_away_is_waited_for(tmp_path: Path) -> None:
    """It is told once, and again when it is all there."""
    path, store, stop = tmp_path / "app.log", Watched(), Event()
    path.write_text(lines(0, 10))
    one = follower(path, store)
    path.unlink()
    told: list[str] = []

    def tell(_one: Follower, state: str) -> None:
        told.append(state)
        path.write_text(lines(0, 20))
        if state == "caught up":
            stop.set()

    follow([one], stop, tell, pause_s=0.001)
    assert told == ["cannot be read: No such file or directory", "caught up"]
    assert text_in(store) == path.read_text()


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=60), st.lists(st.integers(0, 60), max_size=4))
def test_stretches_do_not_depend_on_when_one_looks(
    tmp_path_factory: pytest.TempPathFactory, sizes: Sequence[int], looks: Sequence[int]
) -> None:
    """And together they are the file."""
    path = tmp_path_factory.mktemp("tail") / "f"
    parts = [b"x" * size + b"\n" for size in sizes]
    path.write_bytes(b"".join(parts))
    tail = Tail(str(path))
    at_once = {stretch.start: stretch for stretch in tail.look().stretches}
    path.write_bytes(b"")
    bit_by_bit = {}
    slow = Tail(str(path))
    for number, part in enumerate(parts):
        with path.open("ab") as file:
            file.write(part)
        if number in looks or number == len(parts) - 1:
            bit_by_bit.update({stretch.start: stretch for stretch in slow.look().stretches})
    assert bit_by_bit == at_once
    assert sum(stretch.size_bytes for stretch in at_once.values()) == sum(map(len, parts))
    assert all(stretch.size_bytes >= STRETCH_BYTES for stretch in at_once.values() if stretch.closed)


def test_the_order_of_very_many_is_by_age(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newer ones by what they tell."""
    monkeypatch.setattr("sparing.retrieve.follow.telling._MOST_STRETCHES", 3)
    texts = ["error error", "error\n", "routine\n", "error: disk\n", "routine\n"]
    assert most_telling_first([lambda text=text: text for text in texts]) == [4, 3, 2, 1, 0]  # type: ignore[misc]
