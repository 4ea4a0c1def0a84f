"""BM25 from counts."""

from __future__ import annotations

import math
from itertools import pairwise

from sparing.core.deadline import Deadline
from sparing.reducers.bm25 import bm25, grouped, term_weights, unit_counts
from sparing.reducers.matches import find_terms
from sparing.reducers.terms import question_terms


def test_scores_agree_with_the_formula_written_out():
    """An independent, naive BM25 gives the same numbers for plain words."""
    units = ["red fox red. ", "blue fox sat. ", "green dog ran far away. "]
    text, bounds = "".join(units), [0]
    for unit in units:
        bounds.append(bounds[-1] + len(unit))
    terms = question_terms("red fox")
    counts = unit_counts(find_terms(text, terms, Deadline()), bounds)[:2]
    weights = [2.0, 0.5]
    got = bm25(counts, weights, [b - a for a, b in pairwise(bounds)], 1.2, 0.75)
    mean = len(text) / 3
    for unit, score in zip(units, got, strict=True):
        expected = 0.0
        for word, weight in (("red", 2.0), ("fox", 0.5)):
            n = unit.count(word)
            expected += weight * n * 2.2 / (n + 1.2 * (0.25 + 0.75 * len(unit) / mean))
        assert math.isclose(score, expected)


def test_rare_terms_weigh_more_and_pairs_weigh_half():
    """Idf falls with the number of units; a pair has half the mean weight of its words."""
    counts = [{0: 1.0}, {0: 1.0, 1: 1.0, 2: 1.0}, {0: 1.0}]
    rare, common, pair = term_weights([1.0, 1.0], (counts, 4))
    assert rare > common
    assert math.isclose(pair, 0.25 * (rare + common))


def test_terms_that_are_nowhere_weigh_nothing():
    """Their idf would be the highest of all."""
    assert term_weights([1.0], ([{}], 5)) == [0.0]


def test_groups_add_shares():
    """A unit can count in part for a second group."""
    assert grouped([{0: 2.0, 1: 1.0}], [[(0, 1.0), (1, 0.5)], [(1, 1.0)]]) == [{0: 2.0, 1: 2.0}]
