"""How well requests are told apart, and whether that tells the length of their answers."""

from __future__ import annotations

import pytest

from sparing.evals.tasks.anticipation import answered, auc, pinball, predicted, rank_correlation
from sparing.plan.anticipate.marks import Turn
from sparing.plan.anticipate.training.examples import Example


def test_a_quantile_loses_by_the_side_it_is_wrong_on() -> None:
    """Nine times as much below a 90 % quantile's truth as above it."""
    assert pinball(1.0, 0.9) == pytest.approx(0.9)
    assert pinball(-1.0, 0.9) == pytest.approx(0.1)
    assert pinball(0.0, 0.5) == 0.0


def test_knowing_the_kind_predicts_better_than_not() -> None:
    """Of traffic whose kinds have lengths of their own; and no better where they have not."""
    tokens = [20 if n % 2 else 600 for n in range(400)]
    kinds = [("p", "chat" if n % 2 else "code") for n in range(400)]
    alone, told = predicted(["p"] * 400, tokens), predicted(list(kinds), tokens)
    assert told[0] < alone[0] / 2
    same = predicted(list(kinds), [100] * 400)
    assert same[0] == pytest.approx(predicted(["p"] * 400, [100] * 400)[0], abs=0.05)


def test_areas_and_ranks() -> None:
    """1 for what is told without a mistake, one half or 0 for what says nothing."""
    assert auc([0.1, 0.2, 0.9], [False, False, True]) == 1.0
    assert auc([0.5, 0.5], [False, True]) == 0.5
    assert auc([], []) == 0.5
    assert rank_correlation([1.0, 2.0, 3.0], [10.0, 20.0, 30.0]) == pytest.approx(1.0)
    assert rank_correlation([1.0, 2.0, 3.0], [30.0, 20.0, 10.0]) == pytest.approx(-1.0)
    assert rank_correlation([1.0, 1.0], [1.0, 2.0]) == 0.0


def test_traffic_has_answers_and_no_set_takes_all_of_it() -> None:
    """The same for the same seed."""
    many = [Example(Turn(str(n)), "chat", "big", True, answer="a") for n in range(900)]
    few = [Example(Turn(str(n)), "code", "small", True, answer="b") for n in range(30)]
    mute = [Example(Turn("x"), "chat", "mute", True)]
    traffic = answered([*many, *few, *mute], 0)
    assert len(traffic) == 430
    assert traffic == answered([*many, *few, *mute], 0)
