"""What the bound lets through: with labels of another half, and live from a cold start."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from sparing.evals.answered.lookups import KEPT_APART, Lookup
from sparing.generate.cache.semantic.bound import CONFIDENCE, LESSONS, MOST_LESSONS, Bound, certified
from sparing.generate.cache.semantic.evidence import Evidence
from sparing.generate.cache.semantic.score import Score, learned
from sparing.generate.cache.semantic.wording import Wording, take_apart, weight

MAX_WRONG = 0.005
Scored = tuple[float, Lookup]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Some lookups, some of them hit.

    Attributes:
        wrong_equal: Wrong ones whose questions are the same but for case and punctuation.
        wrong_alike: Whose questions have the same words in the same order but for function words.
    """

    lookups: int
    duplicates: int
    right: int
    wrong: int
    traps_hit: int
    traps: int = 0
    wrong_equal: int = 0
    wrong_alike: int = 0

    @property
    def recall(self) -> float:
        return self.right / max(1, self.duplicates)

    @property
    def wrong_share(self) -> float:
        return self.wrong / max(1, self.lookups)

    @property
    def wrong_of_hits(self) -> float:
        return self.wrong / max(1, self.right + self.wrong)


@dataclass(frozen=True, slots=True)
class Split:
    """The looked-up half.

    Attributes:
        scored: It, with what each lookup scored.
    """

    outcome: Outcome
    threshold: float
    score: Score
    scored: Sequence[Scored]

    def best(self, share: float) -> float:
        """Duplicates hit at the threshold that knows this half's labels."""
        wrong = right = reached = 0
        for _, one in sorted(self.scored, key=lambda each: -each[0]):
            wrong, right = wrong + (not one.right), right + (one.same and one.similarity != KEPT_APART)
            if wrong > share * len(self.scored):
                break
            reached = right
        return reached / max(1, self.outcome.duplicates)


@dataclass(frozen=True, slots=True)
class Live:
    """A run through all lookups, and its last quarter alone; after how many the first one was hit (-1: none)."""

    whole: Outcome
    last: Outcome
    first_hit: int


def run_split(lookups: Sequence[Lookup], seed: int, *, by_crowd: bool = True) -> Split:
    """Half of the lookups, drawn at random, are the labels (and the questions in the index); the others are looked up.

    Args:
        by_crowd: Learn what the crowd is worth, from the share of the labels that the gateway takes for it; otherwise
            similarity alone decides.
    """
    shuffled = random.Random(seed).sample(lookups, len(lookups))
    half = len(shuffled) // 2
    known = {text for one in shuffled[:half] for text in (one.kept, one.asked)}
    labels = [(one.evidence(known), one.right) for one in shuffled[:half]]
    lessons = min(MOST_LESSONS, math.ceil(half * LESSONS)) if by_crowd else 0
    score = learned(labels[:lessons])
    audits = [(score.of(evidence), right) for evidence, right in labels[lessons:]]
    threshold = certified(audits, MAX_WRONG, 1 - CONFIDENCE)
    scored = [(score.of(one.evidence(known)), one) for one in shuffled[half:]]
    outcome = outcome_of([one for _, one in scored], [value > threshold for value, _ in scored])
    return Split(outcome, threshold, score, scored)


def run_live(lookups: Sequence[Lookup], seed: int, *, by_crowd: bool = True) -> Live:
    """All lookups in a random order through a cold bound, while the index fills."""
    order = random.Random(seed).sample(range(len(lookups)), len(lookups))
    bound, hits, first = Bound(MAX_WRONG, rng=random.Random(seed)), [False] * len(lookups), -1
    known: set[str] = set()
    for at, number in enumerate(order):
        one = lookups[number]
        evidence = one.evidence(known) if by_crowd else Evidence(one.similarity)
        known.add(one.kept)
        if bound.is_audit():
            bound.learn(evidence, right=one.right)
        elif bound.gives(evidence):
            hits[number], first = True, at if first < 0 else first
            continue
        known.add(one.asked)
    late = order[len(order) * 3 // 4 :]
    last = outcome_of([lookups[number] for number in late], [hits[number] for number in late])
    return Live(outcome_of(lookups, hits), last, first)


def outcome_of(lookups: Sequence[Lookup], hits: Sequence[bool]) -> Outcome:
    """Counted."""
    hit = [one for one, is_hit in zip(lookups, hits, strict=True) if is_hit]
    wrong = [one for one in hit if not one.same]
    worded = [(take_apart(one.kept), take_apart(one.asked)) for one in wrong]
    return Outcome(
        len(lookups),
        sum(one.same for one in lookups),
        len(hit) - len(wrong),
        len(wrong),
        sum(one.trap for one in wrong),
        sum(one.trap for one in lookups),
        sum(kept.words == asked.words for kept, asked in worded),
        sum(_telling(kept) == _telling(asked) for kept, asked in worded),
    )


def _telling(wording: Wording) -> list[str]:
    return [word for word in wording.words if weight(word) == 1.0]
