"""Which embedder a name means, and vectors that are kept."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from sparing.errors import SelectorMissing, SettingsError
from sparing.retrieve.embed import choose, embedder_for
from sparing.retrieve.embed.cached import Cached
from sparing.settings.retrieval import RetrievalSettings

sys.path.append(str(Path(__file__).parents[1]))
from memory_store import FakeEmbedder

UNCACHED = RetrievalSettings(cache_bytes=0)


class Counting(FakeEmbedder):
    """Remembers what it was given."""

    def __init__(self, name: str = "fake-1") -> None:
        super().__init__(8, name)
        self.given: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.given += texts
        return super().embed(texts)


@pytest.mark.parametrize("name", ["static", "minilm"])
def test_a_shipped_embedder_needs_nothing(name: str) -> None:
    """Vectors of length 1, equal for equal texts whatever stands beside them, near for texts alike."""
    embedder = embedder_for(name, UNCACHED)
    assert embedder is not None
    texts = ["The refund takes nine days.", "Money is paid back within nine days.", "Whales sing at night."]
    made = embedder.embed(texts)
    assert made.shape == (3, embedder.dimensions)
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    assert (embedder.embed(texts[1:2])[0] == made[1]).all()
    assert made[0] @ made[1] > made[0] @ made[2]


def test_none_means_words_only() -> None:
    """Whatever made the store's vectors."""
    assert embedder_for("none", UNCACHED, "sparing-static-123") is None


def test_auto_goes_on_with_what_made_the_stores_vectors() -> None:
    """A shipped one by its name, another one as it was called when it was named, where somebody runs it."""
    for name in ("static", "minilm"):
        made_by = embedder_for(name, UNCACHED)
        assert made_by is not None
        automatic = embedder_for("auto", UNCACHED, made_by.name)
        assert automatic is not None
        assert automatic.name == made_by.name
    served = embedder_for("auto", replace(UNCACHED, embedder_url="http://127.0.0.1:9"), "text-embedding-3-small")
    assert served is not None
    assert served.name == "text-embedding-3-small"
    with pytest.raises(SettingsError, match=r"retrieval\.embedder_url"):
        embedder_for("auto", UNCACHED, "text-embedding-3-small")


def test_auto_is_words_only_where_vectors_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """To name an embedder there is an error."""
    new, preferred = embedder_for("auto", UNCACHED), embedder_for(choose.PREFERRED, UNCACHED)
    assert new is not None
    assert preferred is not None
    assert new.name == preferred.name

    def missing(name: str) -> None:
        raise SelectorMissing("no numpy")

    monkeypatch.setattr(choose, "shipped", missing)
    assert embedder_for("auto", UNCACHED) is None
    with pytest.raises(SelectorMissing):
        embedder_for("static", UNCACHED)


def test_a_model_needs_somebody_who_runs_it() -> None:
    """Or the error says what to set."""
    with pytest.raises(SettingsError, match=r"retrieval\.embedder_url"):
        embedder_for("text-embedding-3-small", UNCACHED)
    embedder = embedder_for("text-embedding-3-small", replace(UNCACHED, embedder_url="http://127.0.0.1:9"))
    assert embedder is not None
    assert embedder.name == "text-embedding-3-small"


def test_no_text_is_embedded_twice(tmp_path: Path) -> None:
    """Not within a call, nor in another process later; vectors come back bit for bit."""
    first = Counting()
    cached = Cached(first, tmp_path / "folder" / "vectors.db", most_bytes=10**6)
    made = cached.embed(["a", "b", "a", "\ud800"])
    assert first.given == ["a", "b", "\ud800"]
    cached.close()
    second = Counting()
    again = Cached(second, tmp_path / "folder" / "vectors.db", most_bytes=10**6)
    assert (again.embed(["a", "c", "b"]) == Counting().embed(["a", "c", "b"])).all()
    assert (made[0] == made[2]).all()
    assert second.given == ["c"]
    again.close()


def test_vectors_of_another_model_are_not_given(tmp_path: Path) -> None:
    """Whatever their texts."""
    for name in ("one", "two"):
        counting = Counting(name)
        cached = Cached(counting, tmp_path / "vectors.db", most_bytes=10**6)
        cached.embed(["a"])
        assert counting.given == ["a"]
        cached.close()


def test_the_file_does_not_grow_without_end(tmp_path: Path) -> None:
    """The vectors made first give way."""
    counting = Counting()
    cached = Cached(counting, tmp_path / "vectors.db", most_bytes=10 * 8 * 4)
    for i in range(30):
        cached.embed([f"text {i}"])
    counting.given.clear()
    cached.embed([f"text {i}" for i in range(20, 30)])
    assert counting.given == []
    cached.embed(["text 5"])
    assert counting.given == ["text 5"]
    cached.close()


def test_a_file_that_cannot_be_used_costs_time_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log says so."""
    path = tmp_path / "vectors.db"
    path.write_bytes(b"no database at all" * 100)
    cached = Cached(Counting(), path, most_bytes=10**6)
    assert (cached.embed(["a"]) == Counting().embed(["a"])).all()
    assert "vectors are not kept" in caplog.text
    cached.close()
    with pytest.raises(sqlite3.DatabaseError), closing(sqlite3.connect(path)) as connection:
        connection.execute("select * from vectors")
