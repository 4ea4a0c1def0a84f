"""The baselines: within the budget, made of the text's own units, and what their names say."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.evals.baselines import BASELINES
from sparing.evals.bm25 import Bm25, terms
from sparing.evals.units import cut_to, fill, o200k, unit_bounds

TEXT = "".join(f"Sentence {i} speaks of topic {i % 7}. " for i in range(60))
BUDGETED = [name for name, method in BASELINES.items() if method.takes_budget]


@pytest.mark.parametrize("name", BUDGETED)
@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=400), budget=st.integers(0, 60))
def test_no_baseline_exceeds_the_budget(name: str, text: str, budget: int) -> None:
    """By exact o200k count, on any text."""
    assert o200k().count(BASELINES[name](text, "what is it?", budget)) <= budget


@pytest.mark.parametrize("name", BUDGETED)
def test_a_budget_for_everything_keeps_everything(name: str) -> None:
    """With room for the whole text the text comes back."""
    assert BASELINES[name](TEXT, "topic 3", 10_000) == TEXT


def test_head_is_a_start_and_tail_an_end() -> None:
    """Units from one end, in the order of the source."""
    assert TEXT.startswith(BASELINES["head"](TEXT, "", 50))
    assert TEXT.endswith(BASELINES["tail"](TEXT, "", 50))


def test_random_depends_on_text_and_question_only() -> None:
    """The same input gives the same units, another question others."""
    first = BASELINES["random"](TEXT, "a", 100)
    assert first == BASELINES["random"](TEXT, "a", 100)
    assert first != BASELINES["random"](TEXT, "b", 100)


def test_bm25_keeps_the_unit_that_answers() -> None:
    """The only sentence with the question's rare word is kept at a tiny budget."""
    text = TEXT + "The zebra drinks at noon. " + TEXT
    assert "zebra drinks" in BASELINES["bm25"](text, "When does the zebra drink?", 30)


def test_the_window_keeps_the_neighbourhood_of_many_hits() -> None:
    """Lines around a cluster of hits are kept before a hit that stands alone."""
    lines = [f"line {i} of nothing\n" for i in range(300)]
    lines[20] = "budget once\n"
    for i in range(200, 220, 2):
        lines[i] = "budget again\n"
    kept = BASELINES["bm25_windowed"]("".join(lines), "budget", 150)
    assert "line 209 of" in kept
    assert "once" not in kept


def test_bm25_follows_the_formula() -> None:
    """One term in one of two equally long documents: idf = ln 2, tf part = 1."""
    scores = Bm25(["a b", "c d"]).scores("a a zzz")
    assert scores == pytest.approx([0.6931, 0.0], abs=1e-4)


def test_scripts_without_spaces_become_character_pairs() -> None:
    """Han and Thai runs are cut into overlapping pairs, other words stay whole."""
    assert terms("漏水机房 ok") == ["ok", "漏水", "水机", "机房"]
    assert terms("Straße") == ["straße"]


def test_records_on_one_line_are_units_of_their_own() -> None:
    """A compact JSON array is cut between its objects."""
    text = "[" + ", ".join(f'{{"id": {i}}}' for i in range(5)) + "]"
    assert len(unit_bounds(text)) - 1 == 5


def test_a_unit_that_does_not_fit_is_passed_over() -> None:
    """A later, smaller unit takes the room that is left."""
    text = "long " * 50 + "\n" + "a\n" + "b\n"
    cuts = [0, 251, 253, 255]
    assert fill(text, cuts, [0, 1, 2], 4) == "a\nb\n"


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200), st.integers(0, 40))
def test_cutting_gives_a_start_of_the_text(text: str, budget: int) -> None:
    """A prefix, character by character."""
    assert text.startswith(cut_to(text, budget))
