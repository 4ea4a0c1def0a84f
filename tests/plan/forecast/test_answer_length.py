"""How long answers are is learned by policy and intent, in bounded memory."""

from __future__ import annotations

import random
import sys
from statistics import mean

import pytest

from sparing.plan.forecast.answer_length import AnswerLengths


def test_an_intent_of_which_little_was_seen_borrows_from_its_likes() -> None:
    """From the same intent under other policies, and from its own policy; both tell more than all traffic does."""
    lengths, rng = AnswerLengths(), random.Random(0)
    for _ in range(300):
        lengths.observe(("a", "chat"), rng.randint(10, 20))
        lengths.observe(("a", "code"), rng.randint(600, 900))
        lengths.observe(("b", "chat"), rng.randint(12, 24))
    likely = lengths.lengths(("b", "code"))
    assert likely[0] < 30 < 300 < likely[-1]
    assert lengths.lengths(("b", "chat"))[-1] < 40
    assert lengths.lengths(("c", "code"))[2] > 300
    assert lengths.lengths(("c", "chat"))[2] < 40


def test_its_own_answers_outweigh_what_it_borrows() -> None:
    """After some dozens of them."""
    lengths = AnswerLengths()
    for _ in range(200):
        lengths.observe(("a", "code"), 800)
    for _ in range(60):
        lengths.observe(("b", "code"), 50)
    assert lengths.lengths(("b", "code"))[2] == pytest.approx(50, rel=0.5)


def test_memory_is_bounded_whatever_kinds_come() -> None:
    """A hundred thousand tenants with policies of their own leave no more than so many kinds."""
    lengths = AnswerLengths(most_kinds=500)
    for n in range(20_000):
        lengths.observe((f"tenant {n}", "chat"), 30)
    assert len(lengths) == 500
    assert lengths.lengths(("tenant 5", "chat"))[2] == pytest.approx(30, rel=0.5)
    assert mean(sys.getsizeof(one) for one in lengths.lengths(("tenant 5", "chat"))) < 100


def test_a_starting_length_is_where_it_starts() -> None:
    """Before anything was seen."""
    assert AnswerLengths(start_tokens=4000).lengths("x")[2] == pytest.approx(4000, rel=0.2)
