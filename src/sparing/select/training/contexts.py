"""Test contexts: a question, the passages it is asked of, and the units that answer, as the scoreboard draws them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sparing.evals.splits import Split
from sparing.evals.units import o200k
from sparing.select.training.corpus import Corpus
from sparing.select.training.rivals import Rivals

PASSAGES = 20


@dataclass(frozen=True, slots=True)
class Context:
    """One text to choose from.

    Attributes:
        passages: Numbers of passages in the corpus, in the order of the text.
        gold: For each passage the units that answer.
        tokens: For each passage the o200k tokens of its units.
    """

    kind: str
    group: str
    question: str
    passages: tuple[int, ...]
    gold: tuple[frozenset[int], ...]
    tokens: tuple[tuple[int, ...], ...]
    all_gold: bool

    def kept(self, scores: Sequence[Sequence[float]], share: float) -> float:
        """How much of the gold a budget of `share` of the tokens keeps when units are taken best first.

        Any gold unit will do (1 or 0), or the share of the gold units' tokens where all are gold.

        Args:
            scores: Of each unit of each passage.
        """
        units = [(-s, p, u) for p, row in enumerate(scores) for u, s in enumerate(row)]
        room = share * sum(map(sum, self.tokens))
        held = got = 0
        for _, p, u in sorted(units):
            cost = self.tokens[p][u]
            if cost <= room:
                room -= cost
                if u in self.gold[p]:
                    held += 1
                    got += cost
        if not self.all_gold:
            return float(held > 0)
        total = sum(self.tokens[p][u] for p, units_of in enumerate(self.gold) for u in units_of)
        return got / total if total else 1.0


def draw(
    corpora: Mapping[str, Corpus], rivals: Mapping[str, Rivals], split: Split, n: int, seed: int = 0
) -> Iterator[tuple[str, list[Context]]]:
    """For each set of contexts its name and up to n contexts of the split.

    ``nq`` is drawn as the first row of the scoreboard, ``nq_minilm`` with half of the distractors by the base encoder.
    """
    for name in ("nq", "nq_minilm", "xquad", "qmsum", "tatqa"):
        kind = name.split("_")[0]
        corpus, rng = corpora[kind], random.Random(seed)
        numbers = [i for i, q in enumerate(corpus.questions) if q.split == split]
        chosen = sorted(rng.sample(numbers, min(n, len(numbers))))
        yield name, [_context(name, corpus, rivals[kind], number, rng) for number in chosen]


def _context(name: str, corpus: Corpus, rivals: Rivals, number: int, rng: random.Random) -> Context:
    question = corpus.questions[number]
    if corpus.whole:
        order = list(question.near)
    else:
        order = [*question.near] or [*question.gold]
        if name == "xquad":
            others = [i for i, p in enumerate(corpus.passages) if p.home != question.home]
            order = order[:PASSAGES] if len(order) > PASSAGES else order
            order += rng.sample(others, max(0, PASSAGES - len(order)))
            order += [p for p in question.gold if p not in order]
        else:
            draw_from = rivals.of if name == "nq_minilm" else rivals.bm25_only
            order += draw_from(number, PASSAGES - 1)
        rng.shuffle(order)
    units = [corpus.passages[p].units for p in order]
    tokens = tuple(tuple(o200k().count(unit) for unit in of_passage) for of_passage in units)
    gold = tuple(question.gold.get(p, frozenset()) for p in order)
    return Context(corpus.kind, question.home, question.text, tuple(order), gold, tokens, corpus.all_gold)
