"""Passages that a question's gold passage may be confused with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, zip_longest

import numpy as np
import numpy.typing as npt

from sparing.evals.bm25 import Bm25
from sparing.evals.tasks.nq import holds_answer
from sparing.select.training.corpus import Corpus, Question

Vectors = npt.NDArray[np.float32]


class Rivals:
    """Hard negatives of a corpus: by BM25 and by the base encoder, like the question and like the gold passage.

    Args:
        passages: Unit vectors [passages, dims].
        questions: Unit vectors [questions, dims].
    """

    def __init__(self, corpus: Corpus, passages: Vectors, questions: Vectors) -> None:
        self._corpus = corpus
        self._passages, self._questions = passages, questions
        texts: dict[str, int] = {}
        self._same = [texts.setdefault(passage.text, number) for number, passage in enumerate(corpus.passages)]

    @cached_property
    def _index(self) -> Bm25:
        return Bm25([passage.text for passage in self._corpus.passages])

    def of(self, number: int, n: int) -> list[int]:
        """Up to n passages for a question, hardest first; none holds an answer, none twice."""
        corpus, question = self._corpus, self._corpus.questions[number]
        if question.near:
            pool = [at for at in question.near if at not in question.gold]
            order = np.argsort(-(self._passages[pool] @ self._questions[number]), kind="stable")
            return [pool[i] for i in order[:n]]
        gold = next(iter(question.gold))
        many = 4 * n + 20
        rankings = (
            self._index.best(question.text, many),
            _best(self._passages @ self._questions[number], many),
            self._index.best(corpus.passages[gold].text, many),
            _best(self._passages @ self._passages[gold], many),
        )
        return list(self._fresh(question, chain.from_iterable(zip_longest(*rankings)), n))

    def bm25_only(self, number: int, n: int) -> list[int]:
        """n passages as the scoreboard's first row draws them: half like the question, half like the gold passage."""
        question = self._corpus.questions[number]
        gold = next(iter(question.gold))
        half = list(self._fresh(question, self._index.best(question.text, 4 * n + 20), (n + 1) // 2))
        rest = self._index.best(self._corpus.passages[gold].text, 4 * n + 20)
        return list(self._fresh(question, chain(half, rest), n))

    def _fresh(self, question: Question, ranked: Iterator[int | None] | Sequence[int], n: int) -> Iterator[int]:
        seen = {self._same[at] for at in question.gold}
        found = 0
        for at in ranked:
            if found == n:
                return
            if at is None or self._same[at] in seen or holds_answer(self._corpus.passages[at].text, question.answers):
                continue
            seen.add(self._same[at])
            found += 1
            yield at


def _best(scores: Vectors, n: int) -> list[int]:
    return [int(i) for i in np.argsort(-scores, kind="stable")[:n]]
