"""Fitting the router."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.generate.question_form import form_of
from sparing.generate.training.least_squares import ridge, solve, sums_of
from sparing.generate.training.outcomes import Outcome
from sparing.generate.training.router import fit

ROWS = st.lists(st.lists(st.floats(-3, 3), min_size=3, max_size=3), min_size=4, max_size=20)


@given(ROWS, st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_without_a_penalty_the_line_is_found(rows: list[list[float]], weights: list[float]) -> None:
    """Whatever constant each group adds: its mean is taken out."""
    groups = [rows, [[-x for x in row] for row in rows]]
    sums = [
        sums_of(group, [sum(w * x for w, x in zip(weights, row, strict=True)) + 10 * at for row in group])
        for at, group in enumerate(groups)
    ]
    found = ridge(sums, 1e-6)
    for row in rows:
        for other in rows:
            apart = [a - b for a, b in zip(row, other, strict=True)]
            told, true = (sum(w * x for w, x in zip(ws, apart, strict=True)) for ws in (found, weights))
            assert told == pytest.approx(true, abs=0.02)


def test_a_system_is_solved() -> None:
    """By hand: 4x + y = 1, x + 3y = 2."""
    assert solve([[4.0, 1.0], [1.0, 3.0]], [1.0, 2.0]) == pytest.approx([1 / 11, 7 / 11])


def test_what_makes_questions_hard_is_learned() -> None:
    """Here: a NOT; the subjects' own levels are not learned."""
    rng = random.Random(0)
    outcomes = []
    for at in range(600):
        negated = rng.random() < 0.5
        right = rng.random() < (0.3 if negated else 0.9)
        outcomes.append(Outcome(f"s{at % 4}", f"Which is {'NOT ' if negated else ''}true of {at}?", right, True))
    model = fit(outcomes, [form_of(one.prompt) for one in outcomes])
    assert model.score(form_of("Which is NOT true of 7?")) > model.score(form_of("Which is true of 7?"))
    assert len(model.quantiles) == 21
