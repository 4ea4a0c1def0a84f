"""Fit the weights of `retrieve.search` on validation groups: ``python -m sparing.evals.retrieval.fit DATA``.

Over the passages that are fetched for a question; for the judge's weights over those that it reads. Nothing here sees a
test group.
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
_ONE_ANSWER = ("nq", "xquad:en")  # where what is not gold does not answer; what a chance means is fitted there
_VALIDATION: tuple[Split, ...] = ("validation",)
_ROUNDS = 50
_RIDGE, _CLOSE, _TINY = 1e-3, 1e-6, 1e-300

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A passage fetched for a question.

    Attributes:
        relevance: The encoder's logit; None where it was not read.
    """

    pool: str
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
                yield Example(pool.name, number, one, logit, int(passages[one.id].source) in query.gold)


def direction(questions: Sequence[tuple[Floats, Floats]]) -> Floats:
    """Weights under which a question's answers stand above the other passages.

    The likelihood that a softmax over a question's passages draws one that answers (ListNet's top one, Cao et al.
    2007), by Newton's method with the softmax's own covariance for curvature and a slight ridge. A regression over
    single passages would weigh how hard questions are against each other instead.

    Args:
        questions: For each its signs [passages, signs], and which answer [passages], 0 or 1.
    """
    weights = np.zeros(questions[0][0].shape[1])
    loss = _surprise(questions, weights)
    for _ in range(_ROUNDS):
        gradient, curvature = -_RIDGE * weights, _RIDGE * np.eye(len(weights))
        for signs, answers in questions:
            scores = signs @ weights
            drawn, right = _softmax(scores), _softmax(np.where(answers > 0, scores, -np.inf))
            gradient += (right - drawn) @ signs / len(questions)
            middle = signs - drawn @ signs
            curvature += (middle * drawn[:, None]).T @ middle / len(questions)
        step = np.linalg.solve(curvature, gradient)
        while (less := _surprise(questions, weights + step)) > loss and np.abs(step).max() > _CLOSE:
            step = step / 2
        if np.abs(step).max() <= _CLOSE:
            break
        weights, loss = weights + step, less
    return weights


def _surprise(questions: Sequence[tuple[Floats, Floats]], weights: Floats) -> float:
    """Mean nats at what answers, and the ridge's share."""
    nats = 0.0
    for signs, answers in questions:
        scores = signs @ weights
        nats -= float(np.log(_softmax(scores)[answers > 0].sum() + _TINY))
    return nats / len(questions) + _RIDGE * float(weights @ weights) / 2


def regression(signs: Floats, answers: Floats) -> Floats:
    """Bias and weights of a logistic regression, by Newton's method with a slight ridge.

    Args:
        signs: [examples, signs].
        answers: [examples], 0 or 1.
    """
    rows = np.hstack([np.ones((len(signs), 1)), signs])
    weights, ridge = np.zeros(rows.shape[1]), _RIDGE * np.eye(rows.shape[1])
    for _ in range(_ROUNDS):
        chances = 1 / (1 + np.exp(-rows @ weights))
        gradient = rows.T @ (answers - chances) - ridge @ weights
        curvature = (rows * (chances * (1 - chances))[:, None]).T @ rows + ridge
        step = np.linalg.solve(curvature, gradient)
        weights += step
        if np.abs(step).max() < _CLOSE:
            break
    return weights


def fitted(found: Sequence[Example]) -> dict[str, Weights]:
    """The three sets of weights."""
    judged = [one for one in found if one.relevance is not None]
    by_words = [one for one in found if one.found.word_rank]
    return {
        "FUSED": _weights(found, lambda one: (one.found.words, one.found.vector, one.found.cosine)),
        "WORDS_ALONE": _weights(by_words, lambda one: (one.found.words, 0.0, 0.0)),
        "JUDGED": _weights(
            judged, lambda one: (one.found.words, one.found.vector, one.found.cosine, one.relevance or 0.0)
        ),
    }


def _weights(found: Sequence[Example], signs: Callable[[Example], Sequence[float]]) -> Weights:
    """What ranks best, then the line from that to a chance."""
    rows = np.array([signs(one) for one in found], float)
    answers = np.array([one.answers for one in found], float)
    places: dict[tuple[str, int], list[int]] = {}
    for place, one in enumerate(found):
        places.setdefault((one.pool, one.question), []).append(place)
    asked = [(rows[at], answers[at]) for at in places.values() if answers[at].any()]
    toward = direction(asked)
    told = [place for place, one in enumerate(found) if one.pool in _ONE_ANSWER]
    bias, scale = regression((rows[told] @ toward)[:, None], answers[told])
    return Weights(*(round(float(value), 2) + 0.0 for value in (bias, *(scale * toward))))


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max())
    return np.asarray(raised / raised.sum(), np.float64)


def main(data_dir: Path) -> None:
    found = [one for pool in pools(data_dir, _VALIDATION, POOLS) for one in examples(pool)]
    for name, weights in fitted(found).items():
        sys.stdout.write(f"{name} = {weights}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
