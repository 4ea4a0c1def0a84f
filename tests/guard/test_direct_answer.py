"""What a shorter answer may not lose."""

from __future__ import annotations

import pytest

from sparing.core.content import Content
from sparing.core.ladder import Elision, Rendition
from sparing.core.question import Question
from sparing.core.span import Kind, Span
from sparing.core.verdict import Change, Objection
from sparing.guard.answer import DirectAnswer


def judged(before: str, after: str, question: str = "", content: Content = Content.ANSWER) -> list[Objection]:
    rendition = Rendition(after, 1, 1.0, "sentences", (Elision(0, 1, 1),), "answer.v1")
    span = Span("answer", Kind.ASSISTANT, before, None)
    return DirectAnswer().judge([Change(span, content, rendition, 2, 1, Question(question))], ())


@pytest.mark.parametrize(
    ("before", "after", "question", "why", "needs"),
    [
        ("Sure! Paris is it. It is big.", "It is big.", "", "its opening", ("Paris is it.",)),
        ("# Title\n\nYes. It is.", "It is.", "", "its opening", ("Yes.",)),
        ("We add. We sum. Therefore, it is 7.", "We add.", "", "its conclusion", ("Therefore, it is 7.",)),
        ("We add. We sum.\n#### 42", "We add.", "", "its conclusion", ("#### 42",)),
        ("We add. It is **12 EUR**.", "We add.", "", "a figure that it stresses", ("**12 EUR**",)),
        (
            "There is cover. Damage by water is not covered. So it is.",
            "There is cover.",
            "Is water damage covered?",
            "what it denies",
            ("Damage by water is not covered.",),
        ),
        (
            "It is old. The tower has 324 metres. It has 3 floors.",
            "It is old. It has 3 floors.",
            "How high is the tower?",
            "the figure that was asked for",
            ("The tower has 324 metres.",),
        ),
    ],
)
def test_what_matters_may_not_go(before: str, after: str, question: str, why: str, needs: tuple[str, ...]) -> None:
    """Each objection says what would go and what would have to stay."""
    objections = judged(before, after, question)
    assert [objection.why for objection in objections] == [f"{why} would go"]
    assert set(needs) <= set(objections[0].needs)
    assert not judged(before, before, question)


def test_all_else_may_go() -> None:
    """What was only said beside it."""
    assert not judged("Paris. It lies on the Seine. Many people live there.", "Paris.", "What is the capital?")


def test_other_texts_are_not_answers() -> None:
    """It judges nothing but answers."""
    assert not judged("One. Two.", "Two.", content=Content.PROSE)
