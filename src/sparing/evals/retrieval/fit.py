"""Fit what is in `retrieve.weights`: ``python -m sparing.evals.retrieval.fit DATA``.

How words and vectors weigh against each other: the share with which most is found among the first five, every set of
data counting alike. How the encoder's logit weighs against both: what ranks best. What chance that means: over
questions that one article alone answers, once with it and once without, so that it also says whether anything answers.
On validation groups; what was trained on no group, on training groups too, but for QMSum's long meetings. Nothing here
sees a test group.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
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
_TRAIN: tuple[Split, ...] = ("train",)
_AIM = 5  # an answer has to be among so many
_SHARES = np.linspace(0, 1, 41)
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


def examples(pool: Pool, embedder: Embedder, *, judged: bool = True) -> Iterator[Example]:
    """What a store of the pool gives for each of its questions, and gives without the article that answers.

    Args:
        judged: Whether the encoder reads the best.
    """
    with filled(pool.texts, embedder) as store:
        passages = {row.id: row for row in store.passages(range(1, len(pool.texts) + 1), OWNER)}
        article = {row: pool.texts[int(passage.source)].article for row, passage in passages.items()}
        for number, query in enumerate(pool.queries):
            by_words = store.by_words(query.question, OWNER, DEPTH)
            by_vector = store.by_vector(embedder.embed([query.question])[0], OWNER, DEPTH)
            fused = fitted_for(embedder.name, query.question).fused
            answering = {pool.texts[place].article for place in query.gold} - {""}
            for gone in (set(), answering) if answering else (set(),):
                left = ([row for row in rows if article[row.id] not in gone] for rows in (by_words, by_vector))
                found = sorted(fuse(*left), key=lambda one: (-fused.chance(one), one.id))
                best = [passages[one.id] for one in found[: MOST_JUDGED if judged else 0]]
                read = judge(query.question, best).relevance
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


def fitted(found: Sequence[Example], *signs: str, ranked: Sequence[Example] = ()) -> Fitted:
    """Weights of one or two signs of `Found`, and of them and the encoder's logit.

    Args:
        found: With each question's passages, in each store, together; those that the encoder read among them.
        ranked: By which the signs are weighed against each other; without them by those.
    """
    toward = _shares(ranked or found, signs)
    judged, more = [one for one in found if one.relevance is not None], (*signs, "relevance")
    rows, answers = _signs(judged, more), _answers(judged)
    asked = [(rows[at], answers[at]) for _, at in _questions(judged) if answers[at].any()]
    return Fitted(_weights(found, signs, toward), _weights(judged, more, direction(asked)))


def _shares(found: Sequence[Example], signs: Sequence[str]) -> Floats:
    """How the signs weigh against each other; equals by the mean reciprocal rank."""
    if len(signs) == 1:
        return np.ones(1)
    rows, answers = _signs(found, signs), _answers(found)
    asked = [(pool, rows[at], answers[at]) for pool, at in _questions(found) if answers[at].any()]
    pools_asked = dict.fromkeys(pool for pool, _, _ in asked)

    def worth(toward: Floats) -> tuple[float, float]:
        ranks: dict[str, list[int]] = {pool: [] for pool in pools_asked}
        for pool, signs_of, answer in asked:
            scores = signs_of @ toward
            ranks[pool].append(1 + int((scores > scores[answer > 0].max()).sum()))
        each = [np.array(of) for of in ranks.values()]
        return float(np.mean([(of <= _AIM).mean() for of in each])), float(np.mean([(1 / of).mean() for of in each]))

    return max((np.array([share, 1 - share]) for share in _SHARES), key=worth)


def _weights(found: Sequence[Example], signs: Sequence[str], toward: Floats) -> Weights:
    """The line from a score to a chance."""
    told = [one for one in found if one.one_article]
    bias, scale = regression((_signs(told, signs) @ toward)[:, None], _answers(told))
    of = {sign: round(float(scale * weight), 2) + 0.0 for sign, weight in zip(signs, toward, strict=True)}
    return Weights(round(float(bias), 2), **of)


def _signs(found: Sequence[Example], signs: Sequence[str]) -> Floats:
    """[examples, signs]"""
    columns = [[one.relevance if sign == "relevance" else getattr(one.found, sign) for one in found] for sign in signs]
    return np.array(columns, np.float64).T


def _answers(found: Sequence[Example]) -> Floats:
    return np.array([one.answers for one in found], float)


def _questions(found: Sequence[Example]) -> Iterator[tuple[str, slice]]:
    """The pool of each question, and the place of its passages."""
    start = 0
    for (pool, *_), same in groupby(found, lambda one: (one.pool, one.question, one.without)):
        end = start + sum(1 for _ in same)
        yield pool, slice(start, end)
        start = end


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max())
    return np.asarray(raised / raised.sum(), np.float64)


def main(data_dir: Path) -> None:
    def all_of(name: str, splits: tuple[Split, ...], names: Sequence[str], *, judged: bool) -> list[Example]:
        made = pools(data_dir, splits, names)
        return [one for pool in made for one in examples(pool, shipped(name), judged=judged)]

    static, minilm = (all_of(name, _VALIDATION, POOLS, judged=True) for name in (STATIC, MINILM))
    more = [*all_of(MINILM, _TRAIN, POOLS[:3], judged=False), *minilm]
    for name, weights in {
        "WORDS": fitted([one for one in static if one.found.word_rank], "words"),
        "OTHER": fitted(minilm, "words", "vector", ranked=more),
        STATIC: fitted(static, "words", "cosine"),
        MINILM: fitted(minilm, "words", "cosine", ranked=more),
    }.items():
        sys.stdout.write(f"{name} = {weights}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
