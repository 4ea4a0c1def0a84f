"""Questions to a store of all paragraphs of a set, and the same store without the article that answers."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sparing.core.passage import Chunk, Document, Passage, Rights, headed
from sparing.core.store import Embedder, Holdings, Scored, Store
from sparing.evals.data import first_file
from sparing.evals.task import Draw
from sparing.evals.tasks import nq, xquad
from sparing.retrieve.embed import embedder_for
from sparing.retrieve.store import open_store
from sparing.settings.retrieval import RetrievalSettings

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

OWNER = Rights(everything=True)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question.

    Attributes:
        answers: Any of which is right.
        group: Of the paragraph that answers: an article.
    """

    question: str
    answers: tuple[str, ...]
    group: str


@dataclass(frozen=True, slots=True)
class Pool:
    """Paragraphs by group, and questions about them."""

    name: str
    texts: Mapping[str, tuple[str, ...]]
    questions: tuple[Asked, ...]


def pool(draw: Draw, name: str) -> Pool:
    """All paragraphs of a set, and `draw.n` questions of the draw's split."""
    made = {"xquad": _xquad, "nq": _nq}[name](draw)
    chosen = random.Random(draw.seed).sample(made.questions, min(draw.n, len(made.questions)))
    return Pool(name, made.texts, tuple(chosen))


def _xquad(draw: Draw) -> Pool:
    file = first_file(xquad.SOURCE, draw.data_dir, ("en.jsonl", "xquad.en.json"))
    articles, queries = xquad.read(file)
    paragraphs = [(number, text) for number, article in enumerate(articles) for text in article]
    asked = tuple(
        Asked(query.question, (query.answer,), f"article {paragraphs[query.paragraph][0]}")
        for query in queries
        if draw.takes("xquad", query.title)
    )
    return Pool("xquad", {f"article {at}": tuple(article) for at, article in enumerate(articles)}, asked)


def _nq(draw: Draw) -> Pool:
    passages = nq.passages(draw.data_dir)
    texts: dict[str, tuple[str, ...]] = {}
    for passage in passages:
        texts[passage.title] = tuple(dict.fromkeys((*texts.get(passage.title, ()), passage.text)))
    asked = tuple(Asked(p.question, p.answers, p.title) for p in passages if draw.takes("nq", p.title))
    return Pool("nq", texts, asked)


@contextmanager
def indexed(made: Pool) -> Iterator[tuple[Store, Embedder | None]]:
    """A store of the pool's paragraphs, each a document of its group."""
    settings = RetrievalSettings(cache_bytes=0)
    embedder = embedder_for("auto", settings)
    with TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "store.db", write=True, embedder=embedder)
        for group, texts in made.texts.items():
            for number, text in enumerate(texts):
                _put(store, embedder, f"{group}#{number}", text, group if made.name == "nq" else "")
        try:
            yield store, embedder
        finally:
            store.close()


def _put(store: Store, embedder: Embedder | None, source: str, text: str, heads: str) -> None:
    digest = blake2b(text.encode(), digest_size=16).hexdigest()
    shown = headed(heads, text)
    vectors = embedder.embed([shown]) if embedder else None
    store.put(Document(source, text, digest, (Chunk(0, len(text), heads),)), vectors)


@dataclass(frozen=True, slots=True)
class Without:
    """A store of which one group cannot be seen. Implements `core.store.Store`, for reading."""

    store: Store
    group: str

    def _seen(self, found: Sequence[Scored], rights: Rights, limit: int) -> list[Scored]:
        ids = {passage.id for passage in self.passages([one.id for one in found], rights)}
        return [one for one in found if one.id in ids][:limit]

    def digests(self) -> Mapping[str, str]:
        return self.store.digests()

    def put(self, document: Document, vectors: NDArray[float32] | None) -> None:
        raise NotImplementedError

    def remove(self, sources: Sequence[str]) -> None:
        raise NotImplementedError

    def by_words(self, question: str, rights: Rights, limit: int) -> list[Scored]:
        return self._seen(self.store.by_words(question, rights, 2 * limit), rights, limit)

    def by_vector(self, vector: NDArray[float32], rights: Rights, limit: int) -> list[Scored]:
        return self._seen(self.store.by_vector(vector, rights, 2 * limit), rights, limit)

    def passages(self, ids: Sequence[int], rights: Rights) -> list[Passage]:
        found = self.store.passages(ids, rights)
        return [passage for passage in found if passage.source.rpartition("#")[0] != self.group]

    def around(self, passage: Passage, rights: Rights, reach: int = 1) -> list[Passage]:
        return self.store.around(passage, rights, reach)

    def holdings(self, rights: Rights) -> Holdings:
        return self.store.holdings(rights)

    def close(self) -> None:
        self.store.close()
