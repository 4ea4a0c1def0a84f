"""Fit the weights of `retrieve.search` on validation groups: ``python -m sparing.evals.retrieval.fit DATA``.

A logistic regression over the passages that are fetched for a question (those that are judged, for the judge's), each
pool counting the same. Nothing here sees a test group.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sparing.evals.retrieval.pools import Pool, pools
from sparing.evals.retrieval.rankers import OWNER, filled
from sparing.evals.splits import Split
from sparing.retrieve.embed.shipped import shipped
from sparing.retrieve.fuse import Found, Weights
from sparing.retrieve.judge import judge
from sparing.retrieve.search import FUSED, MOST_JUDGED, fetched

POOLS = ("nq", "xquad:en", "tatqa", "qmsum")
_VALIDATION: tuple[Split, ...] = ("validation",)
_ROUNDS = 50
_RIDGE = 1e-3

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A passage fetched for a question.

    Attributes:
        relevance: The encoder's logit; None where it was not read.
    """

    question: int
    found: Found
    relevance: float | None
    answers: bool


def examples(pool: Pool) -> Iterator[Example]:
    """What a store of the pool gives for each of its questions."""
    embedder = shipped()
    with filled(pool.texts, embedder) as store:
        for number, query in enumerate(pool.queries):
            found = fetched(store, embedder, query.question, OWNER)
            found.sort(key=lambda one: (-FUSED.chance(one), one.id))
            passages = {p.id: p for p in store.passages([one.id for one in found], OWNER)}
            read = judge(query.question, [passages[one.id] for one in found[:MOST_JUDGED]]).relevance
            logits = (*read, *(None,) * (len(found) - len(read)))
            for one, logit in zip(found, logits, strict=True):
                yield Example(number, one, logit, int(passages[one.id].source) in query.gold)


def regression(signs: Floats, answers: Floats, counts: Floats) -> Floats:
    """Weights, the bias first, by Newton's method with a slight ridge.

    Args:
        signs: [examples, signs].
        answers: [examples], 0 or 1.
        counts: [examples], how much each counts.
    """
    rows = np.hstack([np.ones((len(signs), 1)), signs])
    weights = np.zeros(rows.shape[1])
    ridge = _RIDGE * np.eye(rows.shape[1]) * counts.sum() / len(counts)
    for _ in range(_ROUNDS):
        chances = 1 / (1 + np.exp(-rows @ weights))
        gradient = rows.T @ (counts * (answers - chances)) - ridge @ weights
        curvature = (rows * (counts * chances * (1 - chances))[:, None]).T @ rows + ridge
        step = np.linalg.solve(curvature, gradient)
        weights += step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def fitted(by_pool: Sequence[Sequence[Example]]) -> dict[str, Weights]:
    """The three sets of weights."""
    every = [(one, 1 / len(pool)) for pool in by_pool for one in pool]
    judged = [(one, weight) for one, weight in every if one.relevance is not None]
    worded = [(one, weight) for one, weight in every if one.found.word_rank]
    return {
        "FUSED": Weights(*_solve(every, lambda one: (one.found.words, one.found.vector))),
        "WORDS_ALONE": Weights(*_solve(worded, lambda one: (one.found.words, 0.0))),
        "JUDGED": Weights(*_solve(judged, lambda one: (one.found.words, one.found.vector, one.relevance or 0.0))),
    }


def _solve(weighed: Sequence[tuple[Example, float]], signs: Callable[[Example], Sequence[float]]) -> list[float]:
    rows = np.array([signs(one) for one, _ in weighed], float)
    answers = np.array([one.answers for one, _ in weighed], float)
    return [round(float(w), 2) for w in regression(rows, answers, np.array([weight for _, weight in weighed]))]


def main(data_dir: Path) -> None:
    by_pool = [list(examples(pool)) for pool in pools(data_dir, _VALIDATION, POOLS)]
    for name, weights in fitted(by_pool).items():
        sys.stdout.write(f"{name} = {weights}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
