"""Run by itself: index runs that are killed at random points, each then run again, compared with one that was not.

A point is before any of the statements that the run sends to SQLite. Its one thread makes forking safe. Prints how many
of the runs that were killed left a store with some of the documents.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sparing.core.passage import Rights
from sparing.retrieve.ingest import Ingest, ingest
from sparing.retrieve.store import open_store

OWNER = Rights(everything=True)
QUESTIONS = ("clause of number 4", "billing ticket 17", "method_3", "Country number 90", "nothing of the kind")


class Letters:
    """A quick embedder: how often each letter stands in a text."""

    name, dimensions = "letters", 26

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        counts = np.array([[text.count(chr(97 + k)) + 1 for k in range(26)] for text in texts], np.float32)
        return np.asarray(counts / np.linalg.norm(counts, axis=1, keepdims=True), np.float32)


def index(corpus: Path, where: Path, last: int = 0) -> int:
    """Index a folder, but die at this statement; how many there were."""
    store = open_store(where, write=True, embedder=Letters())
    sent = 0

    def count(_statement: str) -> None:
        nonlocal sent
        sent += 1
        if sent == last:
            os.kill(os.getpid(), signal.SIGKILL)

    store._connection.set_trace_callback(count)  # type: ignore[attr-defined]
    ingest([str(corpus)], store, Letters(), Ingest(corpus.parent))
    store.close()
    return sent


def result(where: Path) -> object:
    """Everything that can be seen of a store."""
    store = open_store(where)
    rows = store.passages(range(1, 5000), OWNER)
    found = [
        (store.by_words(question, OWNER, 20), store.by_vector(Letters().embed([question])[0], OWNER, 20))
        for question in QUESTIONS
    ]
    seen = (rows, dict(store.digests()), found, store.holdings(OWNER))
    store.close()
    return seen


def forked(corpus: Path, where: Path, last: int = 0) -> int:
    """The exit status of a process that indexes."""
    child = os.fork()
    if not child:
        try:
            index(corpus, where, last)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1]


def main(folder: Path, points: int) -> None:
    corpus, whole = folder / "corpus", folder / "whole.db"
    statements = index(corpus, whole)
    expected = result(whole)
    documents = len(list(corpus.iterdir()))
    chance = random.Random(20260301)
    partly = 0
    for _ in range(points):
        where, last = folder / "killed.db", chance.randint(1, statements)
        assert os.WTERMSIG(forked(corpus, where, last)) == signal.SIGKILL
        store = open_store(where)
        partly += 0 < len(store.digests()) < documents
        store.close()
        assert forked(corpus, where) == 0
        assert result(where) == expected, f"another result after a kill at statement {last}"
        for file in folder.glob("killed.db*"):
            file.unlink()
    print(partly)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
