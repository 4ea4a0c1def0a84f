"""What happens to a store's file: crashes, full disks, other versions."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest
from store_files import EMBEDDER, OWNER, FakeEmbedder, MemoryStore, document, filled, vectors, whole

from sparing.core.passage import Chunk, Document, Rights
from sparing.errors import SourceUnreadable, StoreError
from sparing.retrieve.store import open_store, schema, sqlite
from sparing.retrieve.store.sqlite import SqliteStore


def test_a_store_is_opened_again_as_it_was_left(tmp_path: Path) -> None:
    """By a reader and a writer, with its model."""
    filled(tmp_path / "folder" / "store.db", 5).close()
    for write in (False, True):
        store = open_store(tmp_path / "folder" / "store.db", write=write, embedder=EMBEDDER)
        assert len(store.digests()) == 5
        assert store.holdings(OWNER).model == EMBEDDER.name
        store.close()
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["store.db"]


def test_a_store_that_is_missing_is_not_made_by_a_reader(tmp_path: Path) -> None:
    """The error says how to make one."""
    with pytest.raises(StoreError, match="sparing index"):
        open_store(tmp_path / "folder" / "store.db")
    assert not (tmp_path / "folder").exists()


def test_a_reader_does_not_write(tmp_path: Path) -> None:
    """Nor does the error come from the disk."""
    filled(tmp_path / "store.db", 1).close()
    reader = open_store(tmp_path / "store.db")
    with pytest.raises(StoreError, match="read only"):
        reader.remove(["d0"])
    reader.close()


_WRITER = """
    import sys
    sys.path[:0] = {paths!r}
    from store_files import EMBEDDER, document, vectors
    from sparing.retrieve.store import open_store
    store = open_store({path!r}, write=True, embedder=EMBEDDER)
    print("ready", flush=True)
    number = 0
    while True:
        one = document(number % 400, 1 + number % 5, "tenant:acme" if number % 3 else "")
        store.put(one, vectors(one))
        if number % 7 == 6:
            store.remove([f"d{{number * 3 % 400}}"])
        number += 1
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_writer_leaves_whole_documents(tmp_path: Path) -> None:
    """At random points: the file is sound, every document is there wholly or not at all, and writing goes on."""
    path = tmp_path / "store.db"
    code = textwrap.dedent(_WRITER).format(paths=[str(Path(__file__).parent)], path=str(path))
    rng = random.Random(0)
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(rng.uniform(0.01, 0.6))
            writer.send_signal(signal.SIGKILL)
        reader = open_store(path)  # the first to open it after the crash
        assert len(reader.by_words("common", OWNER, 10_000)) == reader.holdings(OWNER).passages
        reader.close()
        assert whole(path)
        plain, store = MemoryStore(EMBEDDER.name), open_store(path, write=True, embedder=EMBEDDER)
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute(
                "select source, documents.passages, labels from documents join sets on sets.id = set_id"
            ).fetchall()
        assert {source for source, *_ in found} == set(store.digests())
        for source, size, labels in found:
            one = document(int(source[1:]), size, "tenant:acme" if "acme" in labels else "")
            plain.put(one, vectors(one))
        for question in ("common", "word7 word21", "part3 word100"):
            scores = [hit.score for hit in store.by_words(question, OWNER, 2000)]
            assert scores == pytest.approx([hit.score for hit in plain.by_words(question, OWNER, 2000)])
            vector = EMBEDDER.embed([question])[0]
            assert len(store.by_vector(vector, OWNER, 2000)) == len(plain.by_vector(vector, OWNER, 2000))
        store.close()


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    """The error is ours, the store stays usable, and has room again when something is removed."""
    store = filled(tmp_path / "store.db", 20)
    pages = store._connection.execute("pragma page_count").fetchone()[0]
    store._connection.execute(f"pragma max_page_count = {pages + 20}")
    big = document(1000, 4000)
    with pytest.raises(StoreError, match="the disk is full"):
        store.put(big, vectors(big))
    assert len(store.digests()) == 20
    assert len(store.by_words("common", OWNER, 1000)) == 60
    store.remove([f"d{i}" for i in range(10)])
    store.put(document(21), vectors(document(21)))
    assert len(store.digests()) == 11
    store.close()
    assert whole(tmp_path / "store.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_without_permission_is_a_clear_error(tmp_path: Path) -> None:
    """To write; reading it works."""
    filled(tmp_path / "store.db", 2).close()
    (tmp_path / "store.db").chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        reader = open_store(tmp_path / "store.db")
        assert len(reader.by_words("common", OWNER, 9)) == 6
        reader.close()
        with pytest.raises(StoreError, match=r"store\.db"):
            open_store(tmp_path / "store.db", write=True).remove(["d0"])
    finally:
        tmp_path.chmod(0o700)


def test_a_store_beside_which_nothing_can_be_written_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a medium that is read only: nobody writes there, so nothing can change under the reader."""
    filled(tmp_path / "store.db", 2).close()
    plain = schema._connection

    def refuses(uri: str) -> sqlite3.Connection:
        if "immutable" not in uri:
            raise sqlite3.OperationalError("unable to open database file")
        return plain(uri)

    monkeypatch.setattr(schema, "_connection", refuses)
    reader = open_store(tmp_path / "store.db")
    assert len(reader.by_words("common", OWNER, 9)) == 6
    reader.close()


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    """By readers and writers, and left as it is."""
    filled(tmp_path / "store.db", 1).close()
    connection = sqlite3.connect(tmp_path / "store.db")
    connection.execute(f"pragma user_version = {schema.VERSION + 1}")
    connection.close()
    before = (tmp_path / "store.db").read_bytes()
    for write in (False, True):
        with pytest.raises(StoreError, match="newer version of Sparing"):
            open_store(tmp_path / "store.db", write=write)
    assert (tmp_path / "store.db").read_bytes() == before


def test_other_files_are_no_stores(tmp_path: Path) -> None:
    """Text, an empty file for a reader, another program's database: refused and not touched."""
    (tmp_path / "text.db").write_text("Dear diary, " * 1000)
    (tmp_path / "empty.db").touch()
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("create table diary (day)")
    other.close()
    for name, write in (("text", False), ("text", True), ("empty", False), ("other", False), ("other", True)):
        before = (tmp_path / f"{name}.db").read_bytes()
        with pytest.raises(StoreError):
            open_store(tmp_path / f"{name}.db", write=write)
        assert (tmp_path / f"{name}.db").read_bytes() == before
    with pytest.raises(StoreError):
        open_store(tmp_path)


def test_a_damaged_store_is_a_clear_error(tmp_path: Path) -> None:
    """Wherever a page was overwritten: an answer, or an error of ours that says what to do."""
    filled(tmp_path / "store.db", 60).close()
    sound = (tmp_path / "store.db").read_bytes()
    pages, survived = len(sound) // 4096, 0
    for page in range(1, pages):
        broken = bytearray(sound)
        broken[page * 4096 : (page + 1) * 4096] = os.urandom(4096)
        (tmp_path / "store.db").write_bytes(broken)
        with suppress(StoreError), closing(open_store(tmp_path / "store.db", write=True)) as store:
            hits = store.by_words("common word3", OWNER, 50)
            store.passages([hit.id for hit in hits], OWNER)
            store.by_vector(EMBEDDER.embed(["word"])[0], OWNER, 5)
            survived += 1
    assert survived < pages - 1


def test_vectors_of_two_models_are_not_mixed(tmp_path: Path) -> None:
    """The error names both, and says what to do; an empty store changes its model."""
    filled(tmp_path / "store.db", 1).close()
    other = FakeEmbedder(16, "fake-2")
    for write in (False, True):
        with pytest.raises(StoreError, match=r"fake-1, not of fake-2.*index into another file"):
            open_store(tmp_path / "store.db", write=write, embedder=other)
    store = open_store(tmp_path / "store.db", write=True)
    store.remove(["d0"])
    store.close()
    store = open_store(tmp_path / "store.db", write=True, embedder=other)
    assert store.holdings(OWNER).model == "fake-2"
    store.close()


def test_a_store_made_without_vectors_is_searched_by_words(tmp_path: Path) -> None:
    """To ask it by vector, or to open it for some, is a clear error."""
    store = open_store(tmp_path / "store.db", write=True)
    store.put(document(1), None)
    with pytest.raises(StoreError, match="without vectors"):
        store.by_vector(np.ones(16, np.float32), OWNER, 3)
    store.close()
    with pytest.raises(StoreError, match="was made without vectors"):
        open_store(tmp_path / "store.db", embedder=EMBEDDER)


def test_what_is_removed_gives_its_space_back(tmp_path: Path) -> None:
    """The file shrinks, and the text is not in it any more."""
    path = tmp_path / "store.db"
    store = filled(path, 400)
    store._connection.execute("pragma wal_checkpoint(truncate)").fetchall()
    before = path.stat().st_size
    store.remove([f"d{number}" for number in range(390)])
    store.close()
    assert path.stat().st_size < before / 4
    assert whole(path)


def test_half_a_character_is_no_text(tmp_path: Path) -> None:
    """The document is refused, the others are not."""
    store = filled(tmp_path / "store.db", 1)
    bad = Document("bad", "x \ud800 y", "1", (Chunk(0, 5),))
    with pytest.raises(SourceUnreadable, match="surrogate"):
        store.put(bad, EMBEDDER.embed(["x"]))
    assert set(store.digests()) == {"d0"}
    store.close()


_WITHOUT_NUMPY = """
    import sys
    from importlib.machinery import PathFinder
    plain = PathFinder.find_spec
    PathFinder.find_spec = lambda name, *rest: None if name.split(".")[0] == "numpy" else plain(name, *rest)
    from sparing.core.passage import Chunk, Document, Rights
    from sparing.retrieve.embed import embedder_for
    from sparing.retrieve.store import open_store
    from sparing.settings.retrieval import RetrievalSettings
    assert embedder_for("auto", RetrievalSettings()) is None
    store = open_store({path!r}, write=True)
    for number in range(300):
        text = f"common word{{number % 7}} word{{number}}"
        chunks = (Chunk(0, len(text)), Chunk(0, 6))
        store.put(Document(f"d{{number}}", text, "1", chunks, frozenset([f"tenant:{{number % 2}}"])), None)
    store.remove(["d299"])
    hits = store.by_words("word3 word150", Rights(frozenset(["tenant:0"])), 5)
    print([passage.text for passage in store.passages([hit.id for hit in hits], Rights(everything=True))])
    assert "numpy" not in sys.modules
"""


def test_words_need_no_numpy(tmp_path: Path) -> None:
    """On a base install a store is made, changed and searched."""
    code = textwrap.dedent(_WITHOUT_NUMPY).format(path=str(tmp_path / "store.db"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("['common word3 word150', 'common word3 word10'")


def test_label_sets_are_used_again_when_all_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one too many is a clear error; what was loaded before is not taken for the new set's."""
    monkeypatch.setattr(sqlite, "MOST_SET", 3)
    store = SqliteStore(tmp_path / "store.db", write=True, embedder=EMBEDDER)
    documents = [document(number, labels=f"user:{number}") for number in range(5)]
    for one in documents[:3]:
        store.put(one, vectors(one))
    with pytest.raises(StoreError, match="different sets of labels"):
        store.put(documents[3], vectors(documents[3]))
    near = EMBEDDER.embed(["common"])[0]
    assert len(store.by_vector(near, Rights(frozenset({"user:1"})), 9)) == 3
    store.remove(["d1"])
    store.put(documents[4], vectors(documents[4]))
    for number, found in ((0, 3), (1, 0), (2, 3), (4, 3)):
        rights = Rights(frozenset({f"user:{number}"}))
        assert len(store.by_words("common", rights, 9)) == len(store.by_vector(near, rights, 9)) == found
    store.close()
