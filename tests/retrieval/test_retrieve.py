"""Passages within a budget."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "retrieve"))

from memory_store import FakeEmbedder, MemoryStore

from sparing.core.passage import Chunk, Document, Rights
from sparing.errors import RequestError
from sparing.retrieval import retrieve
from sparing.retrieval.sources import heading_of
from sparing.settings import PolicySettings
from sparing.tokens.models import counter_for

OWNER = Rights(everything=True)
RULES = PolicySettings(select="rules")
COUNTER = counter_for("gpt-4o")
LEAVE = (
    "Employees may carry over up to five days of annual leave. What is carried over must be used by the end of March. "
    "This does not apply to staff on parental leave, who keep all days. "
    "Requests go to the manager, who answers within ten working days. "
    "In July and August nobody may take more than three weeks in a row. "
)
TRAVEL = (
    "Trips above five hundred euros need approval by the head of the department. Hotels are paid up to 140 a night. "
    "Trains are preferred to planes where the journey takes less than six hours. "
)
BOTH = "How many days of annual leave can be carried over, and who answers requests within ten days?"
QUESTION = "How many days of annual leave can be carried over?"


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    store, embedder = MemoryStore("fake-1"), FakeEmbedder()
    for source, text in (("leave.md", LEAVE), ("travel.md", TRAVEL)):
        middle = text.index(". ", len(text) // 2) + 2
        chunks = (Chunk(0, middle, "Handbook", "lines 1-2"), Chunk(middle, len(text), "Handbook", "lines 3-4"))
        document = Document(source, text, source, chunks)
        store.put(document, embedder.embed([text[:middle], text[middle:]]))
    return store


@settings(max_examples=40, deadline=None)
@given(budget=st.integers(1, 260), model=st.sampled_from(["gpt-4o", "claude-sonnet-4", "gpt-4"]))
def test_the_budget_holds_with_headings_and_numbers(store: MemoryStore, budget: int, model: str) -> None:
    """In the target model's tokens, whatever the budget, and what is sent is the source's own."""
    found = retrieve(store, FakeEmbedder(), QUESTION, OWNER, budget_tokens=budget, model=model, policy=RULES)
    assert counter_for(model).count(found.text) == found.tokens <= budget
    assert bool(found.reason) == (not found.sources)
    assert [source.number for source in found.sources] == list(range(1, len(found.sources) + 1))
    for source in found.sources:
        whole = source.passage.text
        assert whole in (LEAVE, TRAVEL) or any(whole in text for text in (LEAVE, TRAVEL))
        assert all(part.strip() in whole for part in source.text.split("[…]"))
        assert source.block in found.text


def test_a_small_budget_buys_the_sentence_that_answers(store: MemoryStore) -> None:
    """Not the first ones of many passages."""
    found = retrieve(store, FakeEmbedder(), QUESTION, OWNER, budget_tokens=45, policy=RULES)
    assert "five days of annual leave" in found.text
    assert [source.passage.source for source in found.sources] == ["leave.md"]
    assert found.sources[0].elided
    assert found.sources[0].worth < 1


def test_room_for_all_sends_all(store: MemoryStore) -> None:
    """Adjoining passages in one piece, as the document has them."""
    found = retrieve(store, FakeEmbedder(), BOTH, OWNER, budget_tokens=2_000, policy=RULES)
    first = found.sources[0]
    assert (first.passage.source, first.text) == ("leave.md", LEAVE)
    assert first.heading == "[1] leave.md, lines 1-4\nHandbook\n"
    assert len(first.parts) == 2
    assert not first.elided


def test_what_is_not_sent_is_told_with_its_reason(store: MemoryStore) -> None:
    """Every hit is either part of a source or left out."""
    found = retrieve(store, FakeEmbedder(), QUESTION, OWNER, budget_tokens=60, policy=RULES)
    sent = {part.id for source in found.sources for part in source.parts}
    left = {hit.passage.id: why for hit, why in found.left_out}
    assert sent.isdisjoint(left)
    assert {hit.passage.id for hit in found.fetched} <= sent | left.keys()
    assert left
    assert all("unlikely" in why or "within 60 tokens" in why for why in left.values())


def test_nothing_found_and_nothing_that_fits_say_so(store: MemoryStore) -> None:
    """A no-op says why."""
    nobody = retrieve(MemoryStore(), None, QUESTION, OWNER, budget_tokens=100)
    assert (nobody.sources, nobody.tokens, nobody.reason) == ((), 0, "nothing was found that this caller may read")
    tight = retrieve(store, FakeEmbedder(), QUESTION, OWNER, budget_tokens=5, policy=RULES)
    assert (tight.sources, tight.reason) == ((), "no passage fits 5 tokens")
    with pytest.raises(RequestError, match="budget_tokens is 0"):
        retrieve(store, None, QUESTION, OWNER, budget_tokens=0)


def test_a_risk_holds_for_what_is_sent(store: MemoryStore) -> None:
    """A text that the calibration promises nothing for is sent whole or not at all."""
    strict = PolicySettings(select="rules", risk=0.0001)
    found = retrieve(store, FakeEmbedder(), QUESTION, OWNER, budget_tokens=60, policy=strict)
    assert not any(source.elided for source in found.sources)
    roomy = retrieve(store, FakeEmbedder(), BOTH, OWNER, budget_tokens=300, policy=strict)
    assert roomy.sources[0].text == LEAVE


def test_a_heading_names_source_and_place() -> None:
    """And what stands above the passage in its document, where something does."""
    store = MemoryStore()
    store.put(Document("a.txt", "Alpha beta.", "1", (Chunk(0, 11),)), None)
    (passage,) = store.passages([1], OWNER)
    assert heading_of(7, passage) == "[7] a.txt\n"


def test_nothing_is_sent_where_nothing_is_likely_to_answer(store: MemoryStore) -> None:
    """However much room there is, and the reason says so."""
    found = retrieve(
        store, FakeEmbedder(), "Who composed Tosca?", OWNER, budget_tokens=900, model="gpt-4o", policy=RULES
    )
    assert found.fetched
    assert (found.sources, found.tokens, found.text) == ((), 0, "")
    assert found.reason == "nothing that was found is likely to answer"
    assert all(why.startswith("unlikely") for _, why in found.left_out)
