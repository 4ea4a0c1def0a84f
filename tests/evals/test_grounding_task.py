"""Measuring what is believed and what is answered."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from sparing.errors import SettingsError
from sparing.evals.grounding.material import Fact, facts
from sparing.evals.grounding.mutate import MUTATIONS
from sparing.evals.splits import split_of
from sparing.evals.task import Draw
from sparing.evals.tasks import grounded, grounding, nq

FACT = Fact(
    "sentence",
    "Who won the cup?",
    "In 1998 the team of Anna Berg was the winner.",
    "In 1998 the team of Anna Berg was the winner. In 2002 the team of Carl Dahl was second.",
    "cups",
)
OTHER = Fact("sentence", "Who lost?", "The team of Eva Falk lost.", "The team of Eva Falk lost.", "cups")


def test_every_mutation_makes_something_else() -> None:
    """Of the claim or of the passage, and one thing only."""
    for name, mutate in MUTATIONS.items():
        made = mutate(FACT, [FACT, OTHER], random.Random(1))
        if made is not None:
            assert (made.claim == FACT.claim) != (made.passage == FACT.passage), name
    assert MUTATIONS["negation"](FACT, [], random.Random(1)).claim == (  # type: ignore[union-attr]
        "In 1998 the team of Anna Berg was not the winner."
    )
    assert MUTATIONS["number of the same passage"](FACT, [], random.Random(1)).claim.startswith("In 2002")  # type: ignore[union-attr]


def test_what_is_believed_is_counted_by_kind(data: Path) -> None:
    """True claims of every kind are told, and the rules are no laxer than words alone."""
    made = facts(Draw(data, 100), "tatqa")
    assert {fact.kind for fact in made} <= {"short", "statement"}
    report = grounding.measure(Draw(data, 100), ("ours", "words"))
    rows = [row for name in ("xquad", "tatqa") for row in report.data[name]]
    assert any(row["claims"] == grounding.TRUE for row in rows)
    for row in rows:
        assert row["ours"] <= row["words"] <= row["n"]


def test_what_is_answered_and_refused_is_counted(data: Path) -> None:
    """By the passages' own sentences; once with the article that answers and once without."""
    report = grounded.measure(Draw(data, 3, option="nq"), ("extract",))
    outcomes = report.data["nq extract"]
    assert len(outcomes) == 3
    assert sum(one["right"] for one in outcomes) >= 2
    assert all(one["chance_without"] <= one["chance"] for one in outcomes)


def test_test_articles_are_asked_about_unless_told_otherwise(data: Path) -> None:
    """So that a number that is reported is of articles that nothing was chosen by."""
    asked = Draw(data, 99, option="nq")
    unseen, seen = (grounded.measure(draw, ("extract",)) for draw in (asked, replace(asked, split="train")))
    test = [passage for passage in nq.passages(data) if split_of("nq", passage.title) == "test"]
    assert len(unseen.data["nq extract"]) == len(test)
    assert "about test articles" in unseen.notes[0]
    assert "about train articles" in seen.notes[0]


def test_unknown_names_are_refused(data: Path) -> None:
    """With those that are known."""
    with pytest.raises(SettingsError, match="oracle"):
        grounding.measure(Draw(data, 1), ("oracle",))
    with pytest.raises(SettingsError, match="squad"):
        grounded.measure(Draw(data, 1, option="squad"), ())
