"""Random labels, random callers, random questions: no row outside the caller's rights, by any way.

``SPARING_QUERIES=100000`` asks that many; a tenth of it, enough to run every time, is asked unless it says otherwise.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import numpy as np

from sparing.core.passage import Chunk, Document, Rights, readable
from sparing.core.store import Store
from sparing.retrieve.store import open_store

sys.path.append(str(Path(__file__).parents[1]))
from memory_store import FakeEmbedder

QUERIES = int(os.environ.get("SPARING_QUERIES", "10000"))
PER_STORE = 2_000
LABELS = [f"{kind}:{i}" for kind in ("tenant", "group", "user") for i in range(4)] + ["public"]
WORDS = [f"word{i}" for i in range(60)]


def labels(rng: random.Random) -> frozenset[str]:
    return frozenset(rng.sample(LABELS, rng.choice((0, 1, 1, 2, 2, 3))))


def document(rng: random.Random, number: int) -> Document:
    texts = [" ".join(rng.choices(WORDS, k=rng.randint(1, 9))) for _ in range(rng.randint(1, 4))]
    ends = [sum(len(text) + 1 for text in texts[: i + 1]) for i in range(len(texts))]
    chunks = tuple(Chunk(end - len(text) - 1, end - 1) for end, text in zip(ends, texts, strict=True))
    return Document(f"d{number}", "\n".join(texts), str(rng.random()), chunks, labels(rng))


class Round:
    """A store whose documents come, change their labels and go, beside a list of what is in it."""

    def __init__(self, path: Path, rng: random.Random) -> None:
        self.rng = rng
        self.embedder = FakeEmbedder(16)
        self.words = dict(zip(WORDS, self.embedder.embed(WORDS), strict=True))
        self.writer = open_store(path, write=True, embedder=self.embedder)
        self.reader = open_store(path)
        self.documents: dict[str, Document] = {}
        for number in range(80):
            self.put(document(rng, number))

    def put(self, one: Document) -> None:
        self.writer.put(one, np.array([self.vector(one.text_of(chunk)) for chunk in one.chunks]))
        self.documents[one.source] = one

    def vector(self, text: str) -> np.ndarray:
        total = sum(self.words[word] for word in text.split())
        return total / np.linalg.norm(total)

    def change(self) -> None:
        if self.rng.random() < 0.3 and self.documents:
            gone = self.rng.choice(sorted(self.documents))
            self.writer.remove([gone])
            del self.documents[gone]
        else:
            self.put(document(self.rng, self.rng.randrange(100)))

    def allowed(self, rights: Rights) -> set[str]:
        labelled = any(one.labels for one in self.documents.values())
        return {one.source for one in self.documents.values() if readable(one.labels, rights, labelled=labelled)}

    def ask(self, store: Store) -> int:
        """One question by words and by vector; how many rows were seen."""
        rng = self.rng
        rights = Rights(labels(rng) | labels(rng), everything=rng.random() < 0.02)
        question = " ".join(rng.choices(WORDS, k=rng.randint(1, 4)))
        hits = [
            *store.by_words(question, rights, 30),
            *store.by_vector(self.vector(question), rights, rng.choice((1, 10, 500))),
        ]
        asked = {hit.id for hit in hits}
        seen = store.passages([*asked, *range(1, 600, 7)], rights)
        assert asked <= {passage.id for passage in seen}
        near = store.around(seen[0], rights, 3) if seen else []
        allowed = self.allowed(rights)
        assert {passage.source for passage in (*seen, *near)} <= allowed
        held = store.holdings(rights)
        assert held.documents == len(allowed)
        assert held.passages == sum(len(self.documents[source].chunks) for source in allowed)
        return len(hits)


def test_no_row_outside_the_rights_is_ever_seen(tmp_path: Path) -> None:
    """Not while documents come, go and change their labels, and not by a reader in another connection."""
    hits = 0
    for number in range(max(1, QUERIES // PER_STORE)):
        one = Round(tmp_path / f"{number}.db", random.Random(number))
        for step in range(min(QUERIES, PER_STORE)):
            hits += one.ask(one.reader if step % 2 else one.writer)
            if step % 40 == 0:
                one.change()
        one.reader.close()
        one.writer.close()
    assert hits > QUERIES


def test_hidden_documents_change_no_score(tmp_path: Path) -> None:
    """Every caller gets the scores of a store that never had what they may not read."""
    for number in range(4):
        rng = random.Random(1000 + number)
        among = Round(tmp_path / f"among{number}.db", rng)
        for _ in range(60):
            among.change()
        for reader in range(6):
            rights = Rights(labels(rng) | labels(rng) | {f"tenant:{reader % 4}", "group:1"})
            alone = open_store(tmp_path / f"alone{number}-{reader}.db", write=True, embedder=among.embedder)
            for source in sorted(among.allowed(rights)):
                one = among.documents[source]
                alone.put(one, np.array([among.vector(one.text_of(chunk)) for chunk in one.chunks]))
            for word in WORDS:
                question = f"{word} {rng.choice(WORDS)}"
                for limit in (3, 1000):
                    expected = [hit.score for hit in alone.by_words(question, rights, limit)]
                    assert [hit.score for hit in among.reader.by_words(question, rights, limit)] == expected
                vector = among.vector(question)
                expected = [hit.score for hit in alone.by_vector(vector, rights, 1000)]
                assert [hit.score for hit in among.reader.by_vector(vector, rights, 1000)] == expected
            alone.close()
        among.reader.close()
        among.writer.close()
