"""Only what changed is put; whoever reads it, and however often a run is cut short, the store becomes the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from made_documents import SAMPLES
from memory_store import FakeEmbedder, MemoryStore
from numpy.typing import NDArray

from sparing.core.passage import Document, Passage, Rights
from sparing.errors import StoreError
from sparing.retrieve.putting import put_all
from sparing.retrieve.read.document import labels_in, read_document
from sparing.retrieve.reading import Job, Unchanged, worked
from sparing.retrieve.walk import Left

OWNER = Rights(everything=True)


def jobs_of(folder: Path) -> list[Job]:
    return [Job(path.name, path.name, str(path), size_bytes=path.stat().st_size) for path in sorted(folder.iterdir())]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in SAMPLES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def all_passages(store: MemoryStore) -> list[Passage]:
    return store.passages(range(1, 10_000), OWNER)


def test_everything_is_put_and_found(folder: Path) -> None:
    """By its words, with its place."""
    store = MemoryStore()
    done = put_all(jobs_of(folder), store)
    assert (done.added, done.changed, done.unchanged, done.left) == (len(SAMPLES), 0, 0, [])
    assert done.passages == len(all_passages(store))
    (best, *_) = store.by_words("method_17", OWNER, 1)
    (passage,) = store.passages([best.id], OWNER)
    assert passage.source == "store.py"
    assert passage.heads == "store.py\nclass Store:"


def test_only_what_changed_is_put_again(folder: Path) -> None:
    """The rows of the others stay the same rows."""
    store = MemoryStore()
    put_all(jobs_of(folder), store)
    before = {passage.id: passage.source for passage in all_passages(store)}
    (folder / "terms.txt").write_text("All is new.")
    done = put_all(jobs_of(folder), store)
    assert (done.added, done.changed, done.unchanged) == (0, 1, len(SAMPLES) - 1)
    gone = before.keys() - {passage.id for passage in all_passages(store)}
    assert {before[row] for row in gone} == {"terms.txt"}


def test_labels_are_part_of_what_changes(folder: Path) -> None:
    """Without new ones a source keeps those that it has; new sources then have none."""
    store = MemoryStore()
    legal = frozenset({"tenant:acme", "group:legal"})
    put_all(jobs_of(folder), store, labels=legal)
    (folder / "new.txt").write_text("New.")
    (folder / "terms.txt").write_text("All is new.")
    done = put_all(jobs_of(folder), store)
    assert (done.added, done.changed) == (1, 1)
    held = {source: labels_in(digest) for source, digest in store.digests().items()}
    assert held.pop("new.txt") == frozenset()
    assert set(held.values()) == {legal}
    assert put_all(jobs_of(folder), store, labels=frozenset({"public"})).changed == len(SAMPLES) + 1


def test_another_embedder_means_everything_anew(folder: Path) -> None:
    """Its vectors are made of what stands above a chunk and of the chunk, each different text once."""
    (folder / "copy.txt").write_bytes((folder / "terms.txt").read_bytes())

    class Counting(FakeEmbedder):
        seen: list[str] = []  # noqa: RUF012 - of this test

        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            self.seen += texts
            return super().embed(texts)

    embedder = Counting()
    store = MemoryStore(embedder.name)
    done = put_all(jobs_of(folder), store, embedder)
    assert done.passages >= len(embedder.seen) == len(set(embedder.seen))
    passage = all_passages(store)[0]
    (nearest,) = store.by_vector(embedder.embed([f"{passage.heads}\n{passage.text}"])[0], OWNER, 1)
    assert nearest.id == passage.id
    assert nearest.score == pytest.approx(1)
    assert put_all(jobs_of(folder), store, embedder).unchanged == len(SAMPLES) + 1


def test_what_cannot_be_read_fails_alone(folder: Path) -> None:
    """And what the store has of it stays; a binary file in a folder is passed over."""
    store = MemoryStore()
    put_all(jobs_of(folder), store)
    (folder / "terms.txt").write_bytes(b"%PDF-1.4 broken")
    (folder / "blob").write_bytes(b"\0\1\2\3")
    jobs = [*jobs_of(folder), Job("gone", "gone", str(folder / "gone"))]
    done = put_all(jobs, store)
    assert {left.source: left.failed for left in done.left} == {"terms.txt": True, "blob": False, "gone": True}
    assert "terms.txt" in store.digests()
    assert done.unchanged == len(SAMPLES) - 1


def test_a_run_that_was_cut_short_is_run_again(folder: Path) -> None:
    """At any document: rows and digests are those of a run that was not."""
    whole = MemoryStore()
    put_all(jobs_of(folder), whole)

    class Failing(MemoryStore):
        left = 0

        def put(self, document: Document, vectors: NDArray[np.float32] | None) -> None:
            if not self.left:
                raise StoreError("the disk is full")
            self.left -= 1
            super().put(document, vectors)

    for puts in range(len(SAMPLES)):
        store = Failing()
        store.left = puts
        with pytest.raises(StoreError):
            put_all(jobs_of(folder), store)
        store.left = 10_000
        put_all(jobs_of(folder), store)
        assert store.digests() == whole.digests()
        assert all_passages(store) == all_passages(whole)


def test_several_processes_do_the_same_in_the_same_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when one of them dies of a source: that one fails, the others are read."""
    monkeypatch.setattr("sparing.retrieve.reading._WORTH_PROCESSES_BYTES", -1)
    monkeypatch.setattr("sparing.retrieve.reading._BATCH_BYTES", 1)
    one = list(worked(jobs_of(folder), {}, frozenset(), "", 1))
    assert list(worked(jobs_of(folder), {}, frozenset(), "", 2)) == one
    known = {document.source: document.digest for document in one[2:5] if isinstance(document, Document)}
    again = list(worked(jobs_of(folder), known, frozenset(), "", 2))
    assert again[:2] == one[:2]
    assert again[2:5] == [Unchanged(source) for source in known]
    assert again[5:] == one[5:]


def test_a_source_that_takes_its_process_down_fails_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was read beside it is read again."""
    monkeypatch.setattr("sparing.retrieve.reading._WORTH_PROCESSES_BYTES", -1)
    monkeypatch.setattr("sparing.retrieve.reading._BATCH_BYTES", 1)
    jobs = jobs_of(folder)
    jobs.insert(4, Job("bomb", "bomb", Bomb()))  # type: ignore[arg-type]  # goes off where it is unpickled
    results = list(worked(jobs, {}, frozenset(), "", 2))
    assert [source_of(result) for result in results] == [job.source for job in jobs]
    assert [result.source for result in results if isinstance(result, Left)] == ["bomb"]


class Bomb:
    """Ends the process that it is sent to."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        import os

        return os._exit, (3,)


def source_of(result: object) -> str:
    return str(getattr(result, "source", ""))


def test_progress_is_told_to_the_end(folder: Path) -> None:
    """Once before the first and once after each."""
    told: list[tuple[int, int]] = []
    put_all(jobs_of(folder), MemoryStore(), report=lambda done, total: told.append((done, total)))
    assert told == [(n, len(SAMPLES)) for n in range(len(SAMPLES) + 1)]


def test_a_document_can_be_read_by_itself(folder: Path) -> None:
    """The digest is of its bytes and labels, not of where it lies."""
    document = read_document(folder / "terms.txt", ["public"])
    assert document.source == str(folder / "terms.txt")
    assert document.labels == {"public"}
    assert document.digest == read_document(folder / "terms.txt", ["public"], source="x").digest
    assert document.digest != read_document(folder / "terms.txt").digest
