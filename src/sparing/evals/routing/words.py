"""The usual baseline: TF-IDF of words and pairs of words, and logistic regression, by stochastic gradient descent."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from math import exp, log, sqrt

_WORD = re.compile(r"[a-z0-9]+")
_LEAST_DOCUMENTS = 3
_EPOCHS, _RATE, _PENALTY = 8, 2.0, 1e-5


def fit_words(texts: Sequence[str], targets: Sequence[bool], seed: int = 0) -> WordModel:
    """Weights of words that tell targets apart."""
    counts = [_terms(text) for text in texts]
    documents = Counter(term for count in counts for term in count)
    idf = {term: 1 + log(len(texts) / num) for term, num in documents.items() if num >= _LEAST_DOCUMENTS}
    rows = [_weighted(count, idf) for count in counts]
    share = sum(targets) / len(targets)
    model = WordModel(idf, dict.fromkeys(idf, 0.0), log(share / (1 - share)))
    rng, order = random.Random(seed), list(range(len(rows)))
    for epoch in range(_EPOCHS):
        rng.shuffle(order)
        rate = _RATE / (1 + epoch)
        for at in order:
            error = targets[at] - 1 / (1 + exp(-max(-30.0, min(30.0, model.of(rows[at])))))
            for term, value in rows[at].items():
                model.weights[term] += rate * (error * value - _PENALTY * model.weights[term])
    return model


class WordModel:
    """Inverse document frequencies, weights and a bias."""

    def __init__(self, idf: dict[str, float], weights: dict[str, float], bias: float) -> None:
        self.idf, self.weights, self.bias = idf, weights, bias

    def score(self, text: str) -> float:
        return self.of(_weighted(_terms(text), self.idf))

    def of(self, row: dict[str, float]) -> float:
        return self.bias + sum(self.weights[term] * value for term, value in row.items())


def _terms(text: str) -> Counter[str]:
    words = _WORD.findall(text.lower())
    return Counter([*words, *map(" ".join, zip(words, words[1:], strict=False))])


def _weighted(counts: Counter[str], idf: dict[str, float]) -> dict[str, float]:
    row = {term: (1 + log(num)) * idf[term] for term, num in counts.items() if term in idf}
    norm = sqrt(sum(value * value for value in row.values())) or 1.0
    return {term: value / norm for term, value in row.items()}
