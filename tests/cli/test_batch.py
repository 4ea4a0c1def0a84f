"""Several texts under one budget."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.cli.batch import Batch, reduce_material
from sparing.cli.inputs import Material
from sparing.errors import BudgetExceeded
from sparing.tokens.models import counter_for

QUESTION = "When did the treasurer resign?"


def story(number: int) -> Material:
    told = " ".join(f"Point {n} of meeting {number} was noted by the clerk." for n in range(30))
    news = " The treasurer resigned on 4 May." if number == 3 else ""
    return Material(f"minutes/{number}.txt", told + news)


def shortened(material: list[Material], **options: Any) -> Batch:
    defaults = {"question": QUESTION, "budget": None, "keep": None, "kind": "auto", "model": "gpt-4o", "pins": ()}
    return reduce_material(material, **{**defaults, **options})


@pytest.mark.parametrize("budget", [150, 300, 900])
def test_the_budget_holds_for_what_is_put_together(budget: int) -> None:
    """Headings and marks are counted, and what was asked for is there."""
    batch = shortened([story(number) for number in range(8)], budget=budget)
    assert counter_for("gpt-4o").count(batch.text) == batch.tokens_after <= budget
    assert "The treasurer resigned on 4 May." in batch.text
    assert "==> minutes/3.txt <==" in batch.text


def test_files_of_which_nothing_is_kept_are_counted() -> None:
    """A heading over nothing would cost more than it says."""
    batch = shortened([story(number) for number in range(8)], budget=100)
    num_headed = batch.text.count("==> ")
    assert num_headed < 8
    assert batch.text.endswith(f"[… {8 - num_headed} files]\n")


def test_a_single_text_has_no_heading() -> None:
    """It is the result, byte for byte."""
    batch = shortened([story(3)], budget=60)
    assert batch.text == batch.results[0].text
    assert batch.whole == story(3).text


def test_the_whole_is_put_together_in_the_same_way() -> None:
    """So that a comparison compares like with like."""
    batch = shortened([Material("a", "one\n\n"), Material("", "two")])
    assert batch.whole == "==> a <==\none\n\n==> standard input <==\ntwo\n"
    assert batch.text == batch.whole


def test_pins_that_do_not_fit_are_refused_with_the_callers_budget() -> None:
    """Not with what was left of it after the headings."""
    with pytest.raises(BudgetExceeded) as caught:
        shortened([story(number) for number in range(8)], budget=120, pins=("noted",))
    assert caught.value.budget_tokens == 120
    assert caught.value.needed_tokens > 120


@given(st.lists(st.text(st.sampled_from("ab. \n"), max_size=300), min_size=2, max_size=5), st.integers(1, 120))
@settings(max_examples=60, deadline=None)
def test_any_texts_fit_or_are_refused(texts: list[str], budget: int) -> None:
    """Whatever the material, what comes out is within the budget."""
    material = [Material(str(number), text) for number, text in enumerate(texts)]
    try:
        batch = shortened(material, budget=budget)
    except BudgetExceeded:
        return
    assert batch.tokens_after <= budget
