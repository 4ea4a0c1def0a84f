"""Fit what is in `retrieve.weights`: ``python -m sparing.evals.retrieval.fit DATA``.

How words, vectors and lengths weigh against each other: with what most is found among the first five, every set of
data counting alike. How the encoder's logit weighs against all of these: what ranks best. What chance that means: over
questions that one article alone answers, once with it and once without, so that it also says whether anything answers.
On validation groups; what was trained on no group, on training groups too, but for QMSum's long meetings. What holds
for questions in languages that the embedders do not know is fitted on some of those besides. Nothing here sees a test
group.
"""

from __future__ import annotations

import sys
from collections import Counter
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
from sparing.retrieve.fuse import Found, Weights, fuse, measured
from sparing.retrieve.judge import judge
from sparing.retrieve.search import DEPTH, MOST_JUDGED, ranked
from sparing.retrieve.weights import Fitted, fitted_for

POOLS = ("nq", "nq:untitled", "nq:sentences", "xquad:en", "tatqa", "qmsum")
FOREIGN = ("xquad:de", "xquad:ru", "xquad:tr", "xquad:vi")
_VALIDATION: tuple[Split, ...] = ("validation",)
_TRAIN: tuple[Split, ...] = ("train",)
_AIM = 5  # an answer has to be among so many
_STEPS = (2.0, 1.4, 1.2, 1.1, 1.05)
_WORST = -1e9
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
    """What a store of the pool gives for each of its questions.

    Args:
        judged: Whether the encoder reads the best; and whether each is asked without the article that answers, too.
    """
    with filled(pool.texts, embedder) as store:
        passages = {row.id: row for row in store.passages(range(1, len(pool.texts) + 1), OWNER)}
        article = {row: pool.texts[int(passage.source)].article for row, passage in passages.items()}
        for number, query in enumerate(pool.queries):
            by_words = store.by_words(query.question, OWNER, DEPTH)
            by_vector = store.by_vector(embedder.embed([query.question])[0], OWNER, DEPTH)
            fused = fitted_for(embedder.name, query.question).fused
            answering = {pool.texts[place].article for place in query.gold} - {""}
            for gone in (set(), answering) if answering and judged else (set(),):
                left = ([row for row in rows if article[row.id] not in gone] for rows in (by_words, by_vector))
                found = ranked((measured(one, passages[one.id]) for one in fuse(*left)), fused)
                best = [passages[one.id] for one in found[: MOST_JUDGED if judged else 0]]
                read = judge(query.question, best).relevance
                logits = (*read, *(None,) * (len(found) - len(read)))
                for one, logit in zip(found, logits, strict=True):
                    answers = int(passages[one.id].source) in query.gold
                    yield Example(pool.name, number, one, logit, answers, bool(answering), bool(gone))


def direction(questions: Sequence[tuple[Floats, Floats]], counts: Sequence[float] = ()) -> Floats:
    """Weights under which a question's answers stand above the other passages.

    The likelihood that a softmax over a question's passages draws one that answers (ListNet's top one, Cao et al.
    2007), by Newton's method with the softmax's own covariance for curvature and a slight ridge. A regression over
    single passages would weigh how hard questions are against each other instead.

    Args:
        questions: For each its signs [passages, signs], and which answer [passages], 0 or 1.
        counts: How much each counts, together 1; alike, where nothing is said.
    """
    weights = np.zeros(questions[0][0].shape[1])
    counts = counts or [1 / len(questions)] * len(questions)
    loss = _surprise(questions, counts, weights)
    for _ in range(_ROUNDS):
        gradient, curvature = -_RIDGE * weights, _RIDGE * np.eye(len(weights))
        for (signs, answers), count in zip(questions, counts, strict=True):
            scores = signs @ weights
            drawn, right = _softmax(scores), _softmax(np.where(answers > 0, scores, -np.inf))
            gradient += count * (right - drawn) @ signs
            middle = signs - drawn @ signs
            curvature += count * (middle * drawn[:, None]).T @ middle
        step = np.linalg.solve(curvature, gradient)
        while (less := _surprise(questions, counts, weights + step)) > loss and np.abs(step).max() > _CLOSE:
            step = step / 2
        if np.abs(step).max() <= _CLOSE:
            break
        weights, loss = weights + step, less
    return weights


def _surprise(questions: Sequence[tuple[Floats, Floats]], counts: Sequence[float], weights: Floats) -> float:
    """Mean nats at what answers, and the ridge's share."""
    nats = 0.0
    for (signs, answers), count in zip(questions, counts, strict=True):
        scores = signs @ weights
        nats -= count * float(np.log(_softmax(scores)[answers > 0].sum() + _TINY))
    return nats + _RIDGE * float(weights @ weights) / 2


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
    """Weights of signs of `Found`, and of them and the encoder's logit.

    Args:
        found: With each question's passages, in each store, together; those that the encoder read among them.
        ranked: By which the signs are weighed against each other; without them by those.
    """
    toward = _toward(ranked or found, signs)
    judged = [one for one in found if one.relevance is not None]
    read = np.column_stack([_signs(judged, signs) @ toward, _signs(judged, ("relevance",))])
    fused, relevance = direction(*_asked(judged, read))
    return Fitted(
        _weights(found, signs, toward),
        _weights(judged, (*signs, "relevance"), np.array([*(fused * toward), relevance])),
    )


def _asked(found: Sequence[Example], signs: Floats) -> tuple[list[tuple[Floats, Floats]], list[float]]:
    """Signs and answers of each question that something answers, and what it counts, every set alike."""
    answers = _answers(found)
    asked = [(pool, at) for pool, at in _questions(found) if answers[at].any()]
    sizes = Counter(pool for pool, _ in asked)
    return [(signs[at], answers[at]) for _, at in asked], [1 / len(sizes) / sizes[pool] for pool, _ in asked]


def _toward(found: Sequence[Example], signs: Sequence[str]) -> Floats:
    """How the signs weigh against each other: most is found among the first; equals by the mean reciprocal rank.

    From `direction`'s weights, one weight after the other by ever smaller factors, as long as any makes it better.
    """
    if len(signs) == 1:
        return np.ones(1)
    asked, counts = _asked(found, _signs(found, signs))
    most, counted = max(len(answers) for _, answers in asked), np.array(counts)
    rows, right = np.zeros((len(asked), most, len(signs))), np.zeros((len(asked), most), bool)
    there = np.zeros((len(asked), most), bool)
    for place, (of, answers) in enumerate(asked):
        rows[place, : len(of)], right[place, : len(of)], there[place, : len(of)] = of, answers > 0, True

    def worth(toward: Floats) -> tuple[float, float]:
        scores = np.where(there, rows @ toward, _WORST)
        best = np.where(right, scores, _WORST).max(axis=1)
        ranks = 1 + (scores > best[:, None]).sum(axis=1)
        return round(float((ranks <= _AIM) @ counted), 6), float((1 / ranks) @ counted)

    toward = direction(asked, counts)
    reached = worth(toward)
    for step in _STEPS:
        better = True
        while better:
            tried = [
                toward * np.where(np.arange(len(signs)) == sign, by, 1)
                for sign in range(len(signs))
                for by in (step, 1 / step)
            ]
            best = max(tried, key=worth)
            better = worth(best) > reached
            if better:
                toward, reached = best, worth(best)
    return toward


def _weights(found: Sequence[Example], signs: Sequence[str], toward: Floats) -> Weights:
    """The line from a score, and from the best cosine where cosines count by their own scale, to a chance."""
    told = [one for one in found if one.one_article]
    score, answers = _signs(told, signs) @ toward, _answers(told)
    bias, scale, nearest = *regression(score[:, None], answers), 0.0
    if "near" in signs:
        with_nearest = regression(np.column_stack([score, _signs(told, ("nearest",))]), answers)
        bias, scale, nearest = with_nearest if with_nearest[-1] > 0 else (bias, scale, nearest)
    of = {sign: round(float(scale * weight), 2) + 0.0 for sign, weight in zip(signs, toward, strict=True)}
    return Weights(round(float(bias), 2), **of, nearest=round(float(nearest), 2))


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
    more = [*all_of(MINILM, _TRAIN, POOLS[:-1], judged=False), *minilm]
    foreign = all_of(MINILM, (*_TRAIN, *_VALIDATION), FOREIGN, judged=False)
    for name, weights in {
        "WORDS": fitted([one for one in static if one.found.word_rank], "words", "room"),
        "OTHER": fitted(minilm, "words", "vector", "room", ranked=[*more, *foreign]),
        STATIC: fitted(static, "words", "near", "room"),
        MINILM: fitted(minilm, "words", "near", "room", ranked=more),
    }.items():
        sys.stdout.write(f"{name} = {weights}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
