"""What every store of passages has to do, whoever keeps it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from sparing.core.content import Content
from sparing.core.passage import Chunk, Document, Passage, Rights
from sparing.core.store import Embedder, Scored, Store
from sparing.errors import StoreError
from sparing.retrieve.store import open_store

sys.path.append(str(Path(__file__).parents[1] / "retrieve"))
from memory_store import FakeEmbedder, MemoryStore

# The client's own mode without a server says what it does not do.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Local mode performs exact:UserWarning", "ignore:Payload indexes have no effect:UserWarning"
)
OWNER = Rights(everything=True)
ACME = Rights(frozenset({"tenant:acme"}))
GLOBEX = Rights(frozenset({"tenant:globex"}))
NOBODY = Rights()
Make = Callable[[Embedder | None], Store]


def _memory(embedder: Embedder | None, path: Path) -> Store:
    return MemoryStore(embedder.name if embedder else "")


def _sqlite(embedder: Embedder | None, path: Path) -> Store:
    return open_store(path / "store.db", write=True, embedder=embedder)


def _qdrant(embedder: Embedder | None, path: Path) -> Store:
    pytest.importorskip("qdrant_client", reason="the extra `qdrant` is not installed")
    from qdrant_client import QdrantClient

    from sparing.retrieve.store.qdrant import QdrantStore

    return QdrantStore(QdrantClient(":memory:"), "passages", write=True, embedder=embedder)


@pytest.fixture(params=[_memory, _sqlite, _qdrant], ids=["memory", "sqlite", "qdrant"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    made: list[Store] = []

    def build(embedder: Embedder | None) -> Store:
        made.append(request.param(embedder, tmp_path / str(len(made))))
        return made[-1]

    yield build
    for store in made:
        store.close()


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def store(make: Make, embedder: FakeEmbedder) -> Store:
    return make(embedder)


def document(source: str, *texts: str, labels: str = "", heads: str = "") -> Document:
    whole = "\n".join(texts)
    starts = [sum(len(text) + 1 for text in texts[:i]) for i in range(len(texts))]
    chunks = tuple(
        Chunk(start, start + len(text), heads, f"line {i}", Content.PROSE)
        for i, (start, text) in enumerate(zip(starts, texts, strict=True), 1)
    )
    return Document(source, whole, f"digest of {whole}", chunks, frozenset(labels.split()))


def put(store: Store, embedder: FakeEmbedder, *documents: Document) -> None:
    for one in documents:
        store.put(one, embedder.embed([one.text_of(chunk) for chunk in one.chunks]))


def found(store: Store, question: str, rights: Rights, limit: int = 10) -> list[Passage]:
    return store.passages([hit.id for hit in store.by_words(question, rights, limit)], rights)


def near(store: Store, embedder: FakeEmbedder, question: str, rights: Rights, limit: int = 10) -> list[Passage]:
    hits = store.by_vector(embedder.embed([question])[0], rights, limit)
    return store.passages([hit.id for hit in hits], rights)


def told(store: Store, hits: list[Scored], rights: Rights) -> list[tuple[float, str]]:
    """Scores and texts, equal scores in the order of their texts."""
    texts = [passage.text for passage in store.passages([hit.id for hit in hits], rights)]
    return sorted((round(hit.score, 9), text) for hit, text in zip(hits, texts, strict=True))


def test_a_passage_comes_back_as_it_was_put(store: Store, embedder: FakeEmbedder) -> None:
    """Text, heads, place, position and offsets are the document's own."""
    one = document("a.md", "Überall Wale.", "Refunds take\x00 nine days.\n", heads="Shop\nReturns")
    put(store, embedder, one)
    (passage,) = found(store, "refund", OWNER)
    assert passage.text == "Refunds take\x00 nine days.\n" == one.text[passage.start : passage.end]
    assert (passage.source, passage.position, passage.heads, passage.place) == ("a.md", 1, "Shop\nReturns", "line 2")
    assert passage.content is Content.PROSE
    assert len(passage.digest) == 64


def test_what_stands_above_a_passage_finds_it(store: Store, embedder: FakeEmbedder) -> None:
    """Its heads are searched as its text is."""
    put(store, embedder, document("a.md", "Nine days.", heads="Returns and refunds"), document("b.md", "Nine nights."))
    assert [passage.source for passage in found(store, "refunds", OWNER)] == ["a.md"]


def test_words_are_found_in_any_form_and_script(store: Store, embedder: FakeEmbedder) -> None:
    """Case, accents and endings do not count; scripts without spaces are found by their parts."""
    put(store, embedder, document("a", "Les élèves filmed 東京都の天気予報です here"), document("b", "nothing of it"))
    for question in ("ELEVES", "films", "天気", "東京"):
        assert [passage.source for passage in found(store, question, OWNER)] == ["a"]


def test_rarer_words_and_shorter_passages_weigh_more(store: Store, embedder: FakeEmbedder) -> None:
    """BM25's order, equal passages in the order they were put."""
    put(store, embedder, document("a", "cat dog", "cat", "cat cat fish dog bird cow hen", "zebra dog", "dog", "dog"))
    assert found(store, "zebra dog", OWNER)[0].position == 3
    assert [passage.position for passage in found(store, "dog", OWNER)][:2] == [4, 5]
    assert len(found(store, "dog", OWNER, 3)) == 3
    assert found(store, "dog", OWNER, 0) == []


def test_a_score_is_a_share_of_what_the_question_s_words_count(store: Store, embedder: FakeEmbedder) -> None:
    """1 for each of them once in a text of usual length; words that no passage has are none of them."""
    put(store, embedder, document("a", "hen dog"), document("b", "hen cow"), document("c", "fox pig"))
    for question in ("hen dog", "dog hen unheardof"):
        both, one = store.by_words(question, OWNER, 5)
        assert both.score == pytest.approx(1)
        assert 0 < one.score < 0.5


@pytest.mark.parametrize("question", ["", "   ", "?!", "unheardof", 'a" OR b NEAR(', "\x00", "\ud800"])
def test_a_question_without_known_words_finds_nothing(store: Store, embedder: FakeEmbedder, question: str) -> None:
    """It is no error, and no query language."""
    put(store, embedder, document("a", "cat dog"))
    assert store.by_words(question, OWNER, 5) == []


def test_an_empty_store_finds_nothing(store: Store, embedder: FakeEmbedder) -> None:
    """Nor does it say that it holds anything."""
    assert store.by_words("cat", OWNER, 5) == []
    assert store.by_vector(embedder.embed(["cat"])[0], OWNER, 5) == []
    assert store.passages([1, 2], OWNER) == []
    assert store.digests() == {}
    assert store.holdings(OWNER).passages == 0


def test_the_nearest_vectors_are_found_with_their_cosines(store: Store, embedder: FakeEmbedder) -> None:
    """Exact up to eight bits a number: order and scores of a scan in float32."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((500, embedder.dimensions), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    store.put(document("a", *[f"text {i}" for i in range(500)]), vectors)
    question = vectors[7] + 0.1 * vectors[8]
    question /= np.linalg.norm(question)
    hits = store.by_vector(question, OWNER, 500)
    positions = [passage.position for passage in store.passages([hit.id for hit in hits], OWNER)]
    assert positions[0] == 7
    assert np.allclose([hit.score for hit in hits], (vectors @ question)[positions], atol=0.01)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert store.by_vector(question, OWNER, 3) == hits[:3]


def test_putting_a_document_again_replaces_it(store: Store, embedder: FakeEmbedder) -> None:
    """Nothing of the old one is found, by words, vector or row."""
    put(store, embedder, document("a", "old cat", "older dog"), document("b", "cow"))
    (old,) = found(store, "old cat", OWNER, 1)
    put(store, embedder, document("a", "new cat"))
    assert [passage.text for passage in found(store, "old new cat dog", OWNER)] == ["new cat"]
    assert sorted(passage.text for passage in near(store, embedder, "old cat", OWNER)) == ["cow", "new cat"]
    assert store.passages([old.id], OWNER) == []
    assert store.around(old, OWNER) == []
    assert store.digests() == {"a": "digest of new cat", "b": "digest of cow"}
    assert (store.holdings(OWNER).documents, store.holdings(OWNER).passages) == (2, 2)


def test_a_removed_document_is_gone_and_counts_no_more(make: Make, embedder: FakeEmbedder) -> None:
    """Scores are those of a store that never had it; unknown sources are none."""
    store, other = make(embedder), make(embedder)
    put(store, embedder, document("a", "cat dog"), document("b", "cat cat mouse", "cat"), document("c", "dog cow"))
    store.remove(["b", "unknown"])
    put(other, embedder, document("a", "cat dog"), document("c", "dog cow"))
    for question in ("cat", "dog", "mouse", "cat dog cow mouse"):
        assert [hit.score for hit in store.by_words(question, OWNER, 9)] == [
            hit.score for hit in other.by_words(question, OWNER, 9)
        ]
    assert len(near(store, embedder, "cat", OWNER)) == 2
    store.remove(["a", "c"])
    assert store.digests() == {}
    assert store.by_words("cat dog", OWNER, 5) == []
    assert store.by_vector(embedder.embed(["cat"])[0], OWNER, 5) == []


def test_neighbours_stay_within_their_document(store: Store, embedder: FakeEmbedder) -> None:
    """In order, the passage itself included, as far as asked."""
    put(store, embedder, document("a", "x", "y"), document("b", "one", "two", "three", "four"), document("c", "z"))
    (two,) = found(store, "two", OWNER)
    assert [passage.text for passage in store.around(two, OWNER)] == ["one", "two", "three"]
    assert [passage.text for passage in store.around(two, OWNER, 9)] == ["one", "two", "three", "four"]
    assert [passage.text for passage in store.around(two, OWNER, 0)] == ["two"]


def test_rows_come_in_the_order_asked_for(store: Store, embedder: FakeEmbedder) -> None:
    """Unknown rows are left out."""
    put(store, embedder, document("a", "one", "two", "three"))
    one, two, three = (found(store, word, OWNER)[0].id for word in ("one", "two", "three"))
    asked = [three, 10**9, one, -1, two]
    assert [passage.text for passage in store.passages(asked, OWNER)] == ["three", "one", "two"]
    assert store.passages([], OWNER) == []


def test_nothing_of_another_tenant_is_seen(store: Store, embedder: FakeEmbedder) -> None:
    """Not by words, vector, row, neighbour or count."""
    put(store, embedder, document("a", "acme secret", "acme plan", labels="tenant:acme"))
    put(store, embedder, document("g", "globex secret", "globex plan", labels="tenant:globex"))
    put(store, embedder, document("p", "public secret", labels="public"), document("n", "unlabelled secret"))
    sources = {ACME: {"a", "p"}, GLOBEX: {"g", "p"}, NOBODY: {"p"}, OWNER: {"a", "g", "p", "n"}}
    everything = found(store, "secret plan", OWNER)
    for rights, allowed in sources.items():
        assert {passage.source for passage in found(store, "secret plan", rights)} == allowed
        assert {passage.source for passage in near(store, embedder, "secret", rights)} == allowed
        seen = store.passages([passage.id for passage in everything], rights)
        assert {passage.source for passage in seen} == allowed
        for passage in everything:
            assert {other.source for other in store.around(passage, rights)} <= allowed
        assert store.holdings(rights).documents == len(allowed)


def test_what_is_not_readable_does_not_count(make: Make, embedder: FakeEmbedder) -> None:
    """Scores among others' documents are those of a store that never had them."""
    alone, among = make(embedder), make(embedder)
    own = [document(f"a{i}", f"cat {'dog ' * i}", "mouse", labels="tenant:acme") for i in range(5)]
    put(alone, embedder, *own)
    put(among, embedder, *[document(f"g{i}", "cat cat zebra zebra " * 9, labels="tenant:globex") for i in range(9)])
    put(among, embedder, *own)
    for question in ("cat", "dog mouse", "zebra", "cat dog mouse zebra"):
        expected, hits = alone.by_words(question, ACME, 99), among.by_words(question, ACME, 99)
        assert [hit.score for hit in hits] == [hit.score for hit in expected]
        vector = embedder.embed([question])[0]
        cosines = [hit.score for hit in alone.by_vector(vector, ACME, 99)]
        assert [hit.score for hit in among.by_vector(vector, ACME, 99)] == pytest.approx(cosines, abs=1e-6)


def test_a_store_with_labels_denies_what_has_none(store: Store, embedder: FakeEmbedder) -> None:
    """Until the last labelled document is gone again."""
    put(store, embedder, document("n", "plain cat"))
    assert len(found(store, "cat", NOBODY)) == 1
    put(store, embedder, document("a", "acme cat", labels="tenant:acme"))
    assert found(store, "cat", NOBODY) == []
    store.remove(["a"])
    assert len(found(store, "cat", NOBODY)) == 1


def test_labels_change_with_the_document(store: Store, embedder: FakeEmbedder) -> None:
    """Whoever may no longer read it does not, by any way."""
    put(store, embedder, document("a", "acme cat", labels="tenant:acme"))
    assert len(found(store, "cat", ACME)) == len(near(store, embedder, "cat", ACME)) == 1
    put(store, embedder, document("a", "acme cat", labels="tenant:globex"))
    assert found(store, "cat", ACME) == near(store, embedder, "cat", ACME) == []
    assert len(found(store, "cat", GLOBEX)) == len(near(store, embedder, "cat", GLOBEX)) == 1


def test_a_document_without_passages_is_known(store: Store, embedder: FakeEmbedder) -> None:
    """So that it is not read again as long as it does not change."""
    store.put(document("empty"), np.zeros((0, embedder.dimensions), np.float32))
    put(store, embedder, document("a", "cat"))
    assert set(store.digests()) == {"empty", "a"}
    assert store.holdings(OWNER).documents == 2
    store.remove(["empty"])
    assert [passage.text for passage in found(store, "cat", OWNER)] == ["cat"]


def test_vectors_that_do_not_fit_leave_nothing_behind(store: Store, embedder: FakeEmbedder) -> None:
    """What was there before stays as it was."""
    put(store, embedder, document("a", "old cat"))
    with pytest.raises(StoreError):
        store.put(document("a", "new", "cat"), embedder.embed(["new"]))
    with pytest.raises(StoreError):
        store.put(document("a", "new cat"), None)
    assert [passage.text for passage in found(store, "cat", OWNER)] == ["old cat"]
    assert store.digests() == {"a": "digest of old cat"}


def test_a_store_of_words_only_says_so(make: Make, embedder: FakeEmbedder) -> None:
    """It has no model, finds by words, and takes no vectors."""
    store = make(None)
    store.put(document("a", "cat"), None)
    assert len(found(store, "cat", OWNER)) == 1
    assert store.holdings(OWNER).model == ""
    with pytest.raises(StoreError):
        store.put(document("b", "dog"), embedder.embed(["dog"]))


def test_many_documents_are_found_as_in_the_plain_store(make: Make, embedder: FakeEmbedder) -> None:
    """Enough of them that postings are merged, some replaced and some removed; scores equal to the last digit."""
    store, plain = make(embedder), MemoryStore(embedder.name)
    rng = np.random.default_rng(1)
    vocabulary = np.array([f"word{i}" for i in range(300)])
    steps = 100 if type(store).__name__ == "QdrantStore" else 1500  # its client's own mode looks at all rows in Python
    for step in range(steps):
        texts = [" ".join(rng.choice(vocabulary[: 30 + step % 270], 8)) for _ in range(1 + step % 4)]
        one = document(
            f"d{step % (steps * 4 // 5)}", *texts, labels=("tenant:acme", "tenant:globex", "public", "")[step % 4]
        )
        for each in (store, plain):
            put(each, embedder, one)
        if step % 10 == 0:
            for each in (store, plain):
                each.remove([f"d{step // 2}"])
    for rights in (OWNER, ACME, NOBODY):
        assert store.holdings(rights) == plain.holdings(rights)
        for question in ("word1 word250", "word3 word299 word150", "word29"):
            hits, expected = store.by_words(question, rights, 5000), plain.by_words(question, rights, 5000)
            assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in expected], rel=1e-12)
            assert store.by_words(question, rights, 20) == hits[:20]
            assert told(store, hits, rights) == told(plain, expected, rights)
