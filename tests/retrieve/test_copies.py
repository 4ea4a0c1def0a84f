"""A document that is there twice is told once to whoever may read both, and to the others as if it were there once."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_documents import MARKDOWN
from memory_store import MemoryStore

from sparing.core.passage import Rights
from sparing.retrieve.ingest import Ingest, ingest
from sparing.retrieve.search import search

QUESTION = "How much may a night in a hotel cost in capitals?"


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    """One handbook for each of two tenants."""
    store = MemoryStore()
    for tenant in ("acme", "other"):
        (tmp_path / f"{tenant}_v1.md").write_text(MARKDOWN)
        how = Ingest(tmp_path, labels=frozenset({f"tenant:{tenant}"}))
        ingest([str(tmp_path / f"{tenant}_v1.md")], store, None, how)
    return store


def told(store: MemoryStore, rights: Rights) -> list[tuple[str, list[str]]]:
    """Source of each hit, and of those that say the same."""
    hits = search(store, None, QUESTION, rights, select="rules")
    return [(hit.passage.source, [passage.source for passage in hit.also]) for hit in hits]


def test_who_may_read_both_is_told_once(store: MemoryStore) -> None:
    """Though they are called differently; with the place of the other."""
    (best, also), *_ = told(store, Rights(everything=True))
    assert {best, *also} == {"acme_v1.md", "other_v1.md"}


@pytest.mark.parametrize("tenant", ["acme", "other"])
def test_whoever_may_read_one_is_told_of_that_one(store: MemoryStore, tenant: str) -> None:
    """Also when the other goes."""
    own, others = f"{tenant}_v1.md", {"acme_v1.md", "other_v1.md"} - {f"{tenant}_v1.md"}
    rights = Rights(frozenset({f"tenant:{tenant}"}))
    before = told(store, rights)
    assert before
    assert all(source == own and not set(also) & others for source, also in before)
    store.remove(sorted(others))
    assert told(store, rights) == before
