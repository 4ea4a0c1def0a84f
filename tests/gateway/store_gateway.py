"""Gateways with a store of two tenants' documents behind them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from sparing.core.passage import Chunk, Document
from sparing.retrieve.store.where import open_store

ALICE, BOB = "sk-sparing-alice", "sk-sparing-bob"
CAPITAL = "The capital of France is Paris. It lies on the Seine."
LEGAL = "The capital of the company may be raised by a vote of the board only."
SECRET = "The capital reserve of Globex is 900 million euros, kept in Zurich."
DOCUMENTS = {
    "geo.md": (CAPITAL, {"tenant:acme"}),
    "legal.md": (LEGAL, {"tenant:acme", "group:legal"}),
    "secret.md": (SECRET, {"tenant:globex"}),
}


def fill(path: Path, *sources: str) -> None:
    """Put these documents into a store of words."""
    store = open_store(path, write=True)
    for source in sources:
        text, labels = DOCUMENTS[source]
        chunk = Chunk(0, len(text), heads="", place="lines 1-1")
        store.put(Document(source, text, sha256(text.encode()).hexdigest(), (chunk,), frozenset(labels)), None)
    store.close()


def settings(store: Path, audit: Path, *, policy: str = "", retrieval: str = "", alice: str = "") -> str:
    """A settings file: the store ``kb``, which both tenants may ask, and ``theirs``, which only Globex may."""
    return f"""
[retrieval]
audit_path = "{audit}"
{retrieval}
[stores.kb]
where = "{store}"
[stores.theirs]
where = "{store}"
tenants = ["globex"]
[policies.grounded]
store = "kb"
{policy}
[tenants.acme.keys.alice]
sha256 = "{sha256(ALICE.encode()).hexdigest()}"
{alice}
[tenants.globex.keys.bob]
sha256 = "{sha256(BOB.encode()).hexdigest()}"
"""
