"""The planted facts: all visible, none given away by its question."""

from __future__ import annotations

import pytest

from sparing.core.content import Content
from sparing.evals.literal import visible
from sparing.evals.material import material
from sparing.evals.planted import MAKERS, make_all


@pytest.mark.parametrize("seed", range(4))
def test_every_fact_is_visible_in_the_unreduced_text(seed: int) -> None:
    """Asked or not, a planted fact stands literally in its output."""
    hidden = [
        (made.name, fact)
        for made in make_all(seed)
        for fact in (*made.unasked, *(f for ask in made.asked for f in ask.facts))
        if not visible(made.text, fact)
    ]
    assert hidden == []


@pytest.mark.parametrize("seed", range(4))
def test_no_question_gives_its_own_answer_away(seed: int) -> None:
    """A fact never stands in the question that asks for it."""
    given = [
        (made.name, fact)
        for made in make_all(seed)
        for ask in made.asked
        for fact in ask.facts
        if visible(ask.question, fact)
    ]
    assert given == []


def test_the_set_is_large_and_mixed() -> None:
    """At least 60 facts over at least 12 outputs, found in every way there is."""
    made = make_all(0)
    facts = {(m.name, f) for m in made for f in (*m.unasked, *(f for a in m.asked for f in a.facts))}
    ways = {ask.way for m in made for ask in m.asked}
    assert len(facts) >= 60
    assert len(made) == len(MAKERS) >= 12
    assert ways == {"id", "paraphrase", "negation", "cross_row", "extreme", "language", "exception", "place"}


def test_another_seed_plants_other_facts() -> None:
    """The outputs of two seeds differ, those of one seed do not."""
    one, again, other = make_all(1), make_all(1), make_all(2)
    assert one == again
    assert all(a.text != b.text for a, b in zip(one, other, strict=True))


def test_a_number_inside_a_longer_number_is_not_visible() -> None:
    """418 is not visible in 1418, 4180 or 3.418; escaped text is."""
    assert not any(visible(text, "418") for text in ("1418", "4180", "3.418", "a418", "418.5"))
    assert visible('{"x":418}', "418")
    assert visible('"T\\u00fcbingen"', "Tübingen")
    assert visible(r"rows:\njob-007,1", "job-007")


@pytest.mark.parametrize("content", [c for c in Content if c is not Content.BINARY])
def test_material_has_the_size_asked_for(content: Content) -> None:
    """Between the size asked for and twice that, a new text for each seed."""
    text = material(content, 60_000, 1)
    assert 45_000 < len(text) < 120_000
    assert text != material(content, 60_000, 2)
