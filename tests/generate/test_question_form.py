"""What can be told of a question by its form."""

from __future__ import annotations

from math import isfinite

from hypothesis import given
from hypothesis import strategies as st

from sparing.generate.question_form import NAMES, form_of, read_question

EXAM = """Which of the following is NOT a noble gas?
A. Neon, 20 g
B. Argon, 40 g
C. 12
D. All of the above
Answer:"""


def of(text: str) -> dict[str, float]:
    return dict(zip(NAMES, form_of(text), strict=True))


def test_a_question_is_taken_apart() -> None:
    """Stem and options, without the cue at the end."""
    question = read_question(EXAM)
    assert question.stem == "Which of the following is NOT a noble gas?"
    assert question.options == ("Neon, 20 g", "Argon, 40 g", "12", "All of the above")


def test_features_of_an_exam_question() -> None:
    """Each sees what it is named for."""
    form = of(EXAM)
    assert form["negation"] == form["negation in capitals"] == 1
    assert form["which of the following"] == form["ends as a question"] == form["begins with which"] == 1
    assert form["options with numbers"] == 0.75
    assert form["options without words"] == 0.25
    assert form["all or none of these"] == form["units"] == 1
    assert form["most alike options"] > 0


def test_a_question_without_options() -> None:
    """Ordinary requests have none: everything about them is 0."""
    form = of("How do I undo the last commit in git?")
    assert form["begins with how"] == 1
    assert form["option length"] == form["likeness of options"] == form["options with numbers"] == 0


@given(st.text(max_size=300))
def test_any_text_has_a_form(text: str) -> None:
    """A finite number each."""
    form = form_of(text)
    assert len(form) == len(NAMES)
    assert all(map(isfinite, form))
