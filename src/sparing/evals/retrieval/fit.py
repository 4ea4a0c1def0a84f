"""Fit what is in `retrieve.weights` on validation groups: ``python -m sparing.evals.retrieval.fit DATA``.

Which weights rank best is learned over the passages that are fetched for each question; what chance that means, over
questions that one article alone answers, once with it and once without, so that it also says whether anything answers.
For the judge's weights over those that it reads. Nothing here sees a test group.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sparing.core.store import Embedder
from sparing.evals.retrieval.pools import Pool, pools
from sparing.evals.retrieval.rankers import OWNER, filled
from sparing.evals.splits import Split
from sparing.retrieve.embed.choose import MINILM, STATIC, shipped
from sparing.retrieve.fuse import Found, Weights, fuse
from sparing.retrieve.judge import judge
from sparing.retrieve.search import DEPTH, MOST_JUDGED
from sparing.retrieve.weights import Fitted, fitted_for

POOLS = ("nq", "xquad:en", "tatqa", "qmsum")
_VALIDATION: tuple[Split, ...] = ("validation",)
_ROUNDS = 50
_RIDGE, _CLOSE, _TINY = 1e-3, 1e-6, 1e-300

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A passage fetched for a question.

    Attributes:
        relevance: The encoder's logit; None where it was not read.
        one_article: Whether one article answers the question and no other does.
        without: Whether that article was taken away.
    """

    pool: str
    question: int
    found: Found
    relevance: float | None
    answers: bool
    one_article: bool = False
    without: bool = False


def examples(pool: Pool, embedder: Embedder) -> Iterator[Example]:
    """What a store of the pool gives for each of its questions, and gives without the article that answers."""
    fused = fitted_for(embedder.name).fused
    with filled(pool.texts, embedder) as store:
        passages = {row.id: row for row in store.passages(range(1, len(pool.texts) + 1), OWNER)}
        article = {row: pool.texts[int(passage.source)].article for row, passage in passages.items()}
        for number, query in enumerate(pool.queries):
            by_words = store.by_words(query.question, OWNER, DEPTH)
            by_vector = store.by_vector(embedder.embed([query.question])[0], OWNER, DEPTH)
            answering = {pool.texts[place].article for place in query.gold} - {""}
            for gone in (set(), answering) if answering else (set(),):
                left = ([row for row in rows if article[row.id] not in gone] for rows in (by_words, by_vector))
                found = sorted(fuse(*left), key=lambda one: (-fused.chance(one), one.id))
                read = judge(query.question, [passages[one.id] for one in found[:MOST_JUDGED]]).relevance
                logits = (*read, *(None,) * (len(found) - len(read)))
                for one, logit in zip(found, logits, strict=True):
                    answers = int(passages[one.id].source) in query.gold
                    yield Example(pool.name, number, one, logit, answers, bool(answering), bool(gone))


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


def fitted(found: Sequence[Example], *signs: str) -> Fitted:
    """Weights of these signs of `Found`, and of them and the encoder's logit.

    Args:
        found: With each question's passages, in each store, together.
    """
    judged = [one for one in found if one.relevance is not None]
    return Fitted(_weights(found, signs), _weights(judged, (*signs, "relevance")))


def _weights(found: Sequence[Example], signs: Sequence[str]) -> Weights:
    """What ranks best, then the line from that to a chance."""
    rows = np.array([[_sign(one, sign) for sign in signs] for one in found], float)
    answers = np.array([one.answers for one in found], float)
    asked, start = [], 0
    for end in range(1, len(found) + 1):
        if end == len(found) or _asked(found[end]) != _asked(found[start]):
            if answers[start:end].any():
                asked.append((rows[start:end], answers[start:end]))
            start = end
    toward = direction(asked)
    told = [place for place, one in enumerate(found) if one.one_article]
    bias, scale = regression((rows[told] @ toward)[:, None], answers[told])
    of = {sign: round(float(weight), 2) + 0.0 for sign, weight in zip(signs, scale * toward, strict=True)}
    return Weights(round(float(bias), 2), **of)


def _sign(one: Example, sign: str) -> float:
    return (one.relevance or 0.0) if sign == "relevance" else getattr(one.found, sign)


def _asked(one: Example) -> tuple[str, int, bool]:
    return one.pool, one.question, one.without


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max())
    return np.asarray(raised / raised.sum(), np.float64)


def main(data_dir: Path) -> None:
    found = {
        name: [one for pool in pools(data_dir, _VALIDATION, POOLS) for one in examples(pool, shipped(name))]
        for name in (STATIC, MINILM)
    }
    by_words = [one for one in found[STATIC] if one.found.word_rank]
    for name, weights in {
        "WORDS": fitted(by_words, "words"),
        "OTHER": fitted([*found[STATIC], *found[MINILM]], "words", "vector"),
        **{name: fitted(found[name], "words", "cosine") for name in found},
    }.items():
        sys.stdout.write(f"{name} = {weights}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
