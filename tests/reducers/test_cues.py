"""The kind of thing that a question asks for."""

from __future__ import annotations

import pytest

from sparing.reducers.cues import Kind, cue_scores, kind_asked


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When did it open?", Kind.TIME),
        ("In what year did it open?", Kind.TIME),
        ("How many people live there?", Kind.NUMBER),
        ("Who wrote it?", Kind.NAME),
        ("Where was it built?", Kind.NAME),
        ("Wie viele Menschen leben dort?", Kind.NUMBER),
        ("¿Cuándo se abrió?", Kind.TIME),
        ("Где он родился?", Kind.NAME),
        ("Πότε άνοιξε;", Kind.TIME),
        ("这里有多少人？", Kind.NUMBER),
        ("Why is it red?", None),
    ],
)
def test_kind_by_the_wording(question, kind):
    """Question words of many languages tell a time, a number or a name."""
    assert kind_asked(question) is kind


def test_units_that_have_the_kind():
    """A name must be one that the question does not name itself."""
    text = "It was Ann again. But Ann met Bob there. Nobody knew."
    assert cue_scores(text, [0, 18, 41, len(text)], "Who did Ann meet?") == [0.0, 1.0, 0.0]
    assert cue_scores("In May 1990. In a mayor.", [0, 13, 24], "When was it?") == [1.0, 0.0]
    assert cue_scores("There are two. There are some.", [0, 15, 30], "How many are there?") == [1.0, 0.0]
