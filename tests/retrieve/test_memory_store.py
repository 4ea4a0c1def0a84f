"""The store that others are compared with."""

from __future__ import annotations

import numpy as np
from memory_store import FakeEmbedder, MemoryStore

from sparing.core.passage import Chunk, Document, Rights

OWNER = Rights(everything=True)


def document(source: str, *texts: str, labels: frozenset[str] = frozenset()) -> Document:
    whole = "\n".join(texts)
    starts = [sum(len(text) + 1 for text in texts[:i]) for i in range(len(texts))]
    chunks = tuple(Chunk(start, start + len(text)) for start, text in zip(starts, texts, strict=True))
    return Document(source, whole, f"{hash(whole)}", chunks, labels)


def test_it_finds_by_words_and_by_vectors_and_shows_neighbours() -> None:
    """The passage with the question's words is first, and stands between its neighbours."""
    embedder = FakeEmbedder()
    store = MemoryStore(embedder.name)
    texts = ("Whales sing.", "Refunds take nine days.", "Bread rises.")
    store.put(document("a.txt", *texts), embedder.embed(texts))
    first = store.by_words("how many days does a refund take", OWNER, 5)[0]
    vector = embedder.embed(["refunds take days"])[0]
    assert store.by_vector(vector, OWNER, 1)[0].id == first.id
    (passage,) = store.passages([first.id], OWNER)
    assert passage.text == "Refunds take nine days."
    assert [near.text for near in store.around(passage, OWNER)] == list(texts)


def test_the_fake_embedder_gives_vectors_of_length_1() -> None:
    """Equal texts give equal vectors, whatever they stand beside."""
    vectors = FakeEmbedder().embed(["one two", "three", "one two", ""])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert (vectors[0] == vectors[2]).all()
