"""Finding passages: words and vectors, fused, judged, told once."""

from __future__ import annotations

import pytest
from memory_store import FakeEmbedder, MemoryStore

from sparing.core.deadline import Deadline
from sparing.core.passage import Chunk, Document, Rights
from sparing.errors import RequestError, StoreError
from sparing.retrieve.search import boosted, search

OWNER = Rights(everything=True)
LEAVE = "Up to five days of annual leave may be carried over into the next year and must be used by March."
TRAVEL = "Trips above five hundred euros need approval by the head of the department before they are booked."
BIKES = "Bicycles are parked in the yard behind the building and not in the hall, where they block the exit."
QUESTION = "How many days of leave can be carried over?"


def store_of(texts: dict[str, str], labels: dict[str, str] | None = None, model: str = "fake-1") -> MemoryStore:
    store = MemoryStore(model)
    embedder = FakeEmbedder()
    for source, text in texts.items():
        label = frozenset({labels[source]}) if labels and source in labels else frozenset()
        document = Document(source, text, source, (Chunk(0, len(text)),), label)
        store.put(document, embedder.embed([text]) if model else None)
    return store


@pytest.fixture
def store() -> MemoryStore:
    return store_of({"leave.md": LEAVE, "travel.md": TRAVEL, "bikes.md": BIKES})


def test_the_passage_that_answers_comes_first(store: MemoryStore) -> None:
    """And says what found it and who judged it."""
    first, *rest = search(store, FakeEmbedder(), QUESTION, OWNER)
    assert first.passage.source == "leave.md"
    assert first.by == "encoder (words 1, vectors 1)"
    assert all(first.score > hit.score for hit in rest)
    assert all(0 < hit.score < 1 for hit in (first, *rest))


def test_without_the_encoder_fusion_decides_and_says_so(store: MemoryStore) -> None:
    """The policy, the clock and the constants can each forbid reading."""
    by_policy = search(store, FakeEmbedder(), QUESTION, OWNER, select="static")[0]
    assert (by_policy.passage.source, by_policy.by) == ("leave.md", "words 1, vectors 1 (not judged: the policy)")
    no_room = search(store, FakeEmbedder(), QUESTION, OWNER, allowed_ms=0.0)[0]
    assert no_room.by == "words 1, vectors 1 (not judged: no time to read more)"
    other = "How many bicycles may be parked in the yard?"  # what was read before is remembered and takes no time
    late = search(store, FakeEmbedder(), other, OWNER, deadline=Deadline(at_s=0.0))[0]
    assert late.by == "words 1, vectors 1 (not judged: deadline: no time to read more)"


def test_what_leaves_no_doubt_is_not_read() -> None:
    """Unless the policy asks for the encoder."""
    embedder = FakeEmbedder(name="sparing-static-1")
    store = store_of({"leave.md": LEAVE, "travel.md": TRAVEL, "bikes.md": BIKES}, model=embedder.name)
    sure = search(store, embedder, LEAVE, OWNER)[0]
    assert sure.by == "words 1, vectors 1 (not judged: words and vectors leave little doubt)"
    assert sure.score > 0.9
    assert search(store, embedder, LEAVE, OWNER, select="encoder")[0].by == "encoder (words 1, vectors 1)"


def test_a_store_of_words_is_searched_by_words() -> None:
    """With or without an embedder."""
    store = store_of({"leave.md": LEAVE, "travel.md": TRAVEL}, model="")
    for embedder in (None, FakeEmbedder()):
        assert search(store, embedder, QUESTION, OWNER, select="rules")[0].by == "words 1 (not judged: the policy)"


def test_vectors_of_another_model_are_refused(store: MemoryStore) -> None:
    """They do not compare."""
    with pytest.raises(StoreError, match=r"fake-1, not of fake-2"):
        search(store, FakeEmbedder(name="fake-2"), QUESTION, OWNER)


def test_nothing_to_ask_finds_nothing(store: MemoryStore) -> None:
    """And less than one hit is no request."""
    assert search(store, FakeEmbedder(), "  ", OWNER) == []
    with pytest.raises(RequestError, match="limit is 0"):
        search(store, FakeEmbedder(), QUESTION, OWNER, limit=0)


def test_a_question_of_a_megabyte_is_searched(store: MemoryStore) -> None:
    """By its beginning and end."""
    long = f"{QUESTION} {'and so on ' * 100_000} {QUESTION}"
    assert search(store, FakeEmbedder(), long, OWNER)[0].passage.source == "leave.md"


def test_nobody_finds_what_they_may_not_read() -> None:
    """Not as a hit, and not as a passage that says the same."""
    store = store_of({"a.md": LEAVE, "b.md": LEAVE}, {"a.md": "tenant:acme", "b.md": "tenant:other"})
    hits = search(store, FakeEmbedder(), QUESTION, Rights(frozenset({"tenant:other"})))
    assert [(hit.passage.source, hit.also) for hit in hits] == [("b.md", ())]


def test_what_says_the_same_is_named_with_the_first() -> None:
    """And found once."""
    store = store_of({"leave.md": LEAVE, "copy.md": LEAVE.upper(), "travel.md": TRAVEL})
    first, *rest = search(store, FakeEmbedder(), QUESTION, OWNER)
    assert {first.passage.source, *(also.source for also in first.also)} == {"leave.md", "copy.md"}
    assert [hit.passage.source for hit in rest] == ["travel.md"]


def test_boosts_move_a_passage_within_bounds(store: MemoryStore) -> None:
    """A factor counts on the odds, and never for more than two or less than a half."""
    plain = {hit.passage.digest: hit.score for hit in search(store, FakeEmbedder(), QUESTION, OWNER)}
    digest = min(plain, key=lambda found: plain[found])
    for factor, counts in ((1.5, 1.5), (1e9, 2.0), (0.0, 0.5)):
        hits = search(store, FakeEmbedder(), QUESTION, OWNER, boosts={digest: factor})
        scores = {hit.passage.digest: hit.score for hit in hits}
        odds = plain[digest] / (1 - plain[digest]) * counts
        assert scores[digest] == pytest.approx(odds / (1 + odds))
        assert all(scores[other] == plain[other] for other in plain if other != digest)
    assert boosted(0.5, 1.0) == 0.5
