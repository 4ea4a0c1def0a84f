"""A store in Qdrant, as far as it differs: what it says when it cannot be used, and documents half put."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from sparing.core.passage import Chunk, Document, Rights
from sparing.errors import SettingsError, StoreError
from sparing.retrieve.store import open_store

qdrant_client = pytest.importorskip("qdrant_client", reason="the extra `qdrant` is not installed")
from sparing.retrieve.store.qdrant import QdrantStore  # noqa: E402
from sparing.retrieve.store.qdrant_words import Stored, number_of, sparse  # noqa: E402

sys.path.append(str(Path(__file__).parents[1]))
from memory_store import FakeEmbedder  # noqa: E402

pytestmark = pytest.mark.filterwarnings(
    "ignore:Local mode performs exact:UserWarning", "ignore:Payload indexes have no effect:UserWarning"
)
OWNER = Rights(everything=True)
EMBEDDER = FakeEmbedder(8)


@pytest.fixture
def client() -> qdrant_client.QdrantClient:
    return qdrant_client.QdrantClient(":memory:")


def document(text: str, source: str = "a") -> Document:
    return Document(source, text, text, (Chunk(0, len(text)),), frozenset({"tenant:acme"}))


def test_a_writer_that_dies_half_way_leaves_what_was_there(
    client: qdrant_client.QdrantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that were never shown are never seen, and gone once the document is put again."""
    store = QdrantStore(client, "c", write=True, embedder=EMBEDDER)
    store.put(document("old cat"), EMBEDDER.embed(["old cat"]))
    with monkeypatch.context() as patch:
        patch.setattr(client, "batch_update_points", lambda *_, **__: (_ for _ in ()).throw(OSError("gone")))
        with pytest.raises(StoreError, match="gone"):
            store.put(document("new cat"), EMBEDDER.embed(["new cat"]))
    reader = QdrantStore(client, "c")
    for rights in (OWNER, Rights(frozenset({"tenant:acme"}))):
        ids = [hit.id for hit in reader.by_words("cat new old", rights, 9)]
        assert [passage.text for passage in reader.passages(ids, rights)] == ["old cat"]
        assert len(reader.by_vector(EMBEDDER.embed(["new cat"])[0], rights, 9)) == 1
        assert reader.holdings(rights).passages == 1
    store.put(document("new cat"), EMBEDDER.embed(["new cat"]))
    assert client.count("c").count == 3  # the collection's head, the document's, its passage
    assert reader.digests() == {"a": "new cat"}


def test_what_cannot_be_used_says_why(client: qdrant_client.QdrantClient) -> None:
    """No collection, somebody else's, a newer one, another model's."""
    with pytest.raises(StoreError, match="sparing index"):
        QdrantStore(client, "missing")
    client.create_collection("theirs", vectors_config={})
    with pytest.raises(StoreError, match="is no store of passages"):
        QdrantStore(client, "theirs", write=True)
    store = QdrantStore(client, "ours", write=True, embedder=EMBEDDER)
    store.put(document("cat"), EMBEDDER.embed(["cat"]))
    with pytest.raises(StoreError, match="fake-1, not of fake-2"):
        QdrantStore(client, "ours", embedder=FakeEmbedder(8, "fake-2"))
    with pytest.raises(StoreError, match="read only"):
        QdrantStore(client, "ours").remove(["a"])
    with pytest.raises(StoreError, match="vectors of 8 numbers, not 3"):
        QdrantStore(client, "ours").by_vector(np.ones(3, np.float32), OWNER, 1)
    client.set_payload("ours", {"version": 99}, [0])
    with pytest.raises(StoreError, match="newer version"):
        QdrantStore(client, "ours")


def test_an_empty_collection_changes_its_model(client: qdrant_client.QdrantClient) -> None:
    """As an empty file does."""
    assert QdrantStore(client, "c", write=True).holdings(OWNER).model == ""
    store = QdrantStore(client, "c", write=True, embedder=EMBEDDER)
    store.put(document("cat"), EMBEDDER.embed(["cat"]))
    assert QdrantStore(client, "c").holdings(OWNER).model == EMBEDDER.name


def test_an_address_is_checked() -> None:
    """And a server that is not there is an error of ours."""
    for where in ("qdrant+http://host:6333", "qdrant+ftp://host/c", "qdrant+http:///c"):
        with pytest.raises(SettingsError, match="is no address"):
            open_store(where)
    with pytest.raises(StoreError, match="check that the Qdrant server runs"):
        open_store("qdrant+http://127.0.0.1:9/c")


def test_a_score_needs_nothing_but_what_is_stored() -> None:
    """How often each word is there comes back from its weight."""
    for times in (1, 2, 7, 60):
        for rest in (0, 3, 400):
            words = ["cat"] * times + [f"w{i}" for i in range(rest)]
            stored = Stored(len(words), sparse(words))
            shade = 1.2 * (1 - 0.75 + 0.75 * len(words) / 50)
            assert stored.score({number_of("cat"): 2.0}, 50) == pytest.approx(2.0 * times * 2.2 / (times + shade))
    assert Stored(1, sparse(["dog"])).score({number_of("cat"): 2.0}, 50) == 0
