"""Paragraphs, headings and transcripts."""

from __future__ import annotations

import pytest

from sparing.core.deadline import Deadline
from sparing.reducers.passages import is_transcript, lay_out

SENTENCE = "This sentence says something about a subject of some weight. "


def test_paragraphs_are_passages():
    """A blank line ends a passage, and its sentences share one context."""
    layout = lay_out(SENTENCE * 2 + "\n\n" + SENTENCE * 3, Deadline())
    assert list(layout.passage_of) == [0, 0, 1, 1, 1]
    assert layout.num_contexts == 2
    assert not layout.turns


def test_lines_are_passages_where_there_are_no_blank_lines():
    """One paragraph a line is common in files and in tool results."""
    layout = lay_out("\n".join([SENTENCE * 4] * 12), Deadline())
    assert layout.num_contexts == 12


def test_units_of_a_long_passage_have_overlapping_contexts():
    """Without paragraphs, what stands around a unit is its context."""
    layout = lay_out(SENTENCE * 40, Deadline())
    assert layout.num_contexts == 40
    assert {context for context, _ in layout.contexts[20]} == set(range(17, 24))


def test_headings_stand_over_what_follows():
    """Until the next heading."""
    layout = lay_out(f"# Limits\n\n{SENTENCE}\n\n{SENTENCE}\n\n# Prices\n\n{SENTENCE}\n", Deadline())
    assert list(layout.heading_of) == [-1, 0, 0, -1, 3]


@pytest.mark.parametrize(
    "lines",
    [
        ["Ann: hello there", "Bob: good morning"],
        ["[10:12] Ann: hello there", "[10:13] Bob: good morning"],
        ["<ann> hello there", "<bob> good morning"],
        ["Hon. A. Berg (North, Ind.): I rise to speak.", "The Chair (Mr. C. Dole (South)): Order, order."],
    ],
)
def test_transcripts_are_recognised(lines):
    """Most lines begin with a speaker, and speakers come back."""
    assert is_transcript("\n".join(lines * 6))


def test_other_colons_are_no_speakers():
    """Definitions name each thing once; prose has few colons."""
    assert not is_transcript("\n".join(f"Key{chr(65 + k)}: a value" for k in range(20)))
    assert not is_transcript("\n".join([SENTENCE] * 20))


def test_long_speeches_are_cut_but_stay_one_turn():
    """Units are pieces of the speech, passages are turns."""
    text = "Ann: yes\nBob: " + SENTENCE * 30 + "\n" + "Ann: yes\nBob: no\n" * 5
    layout = lay_out(text, Deadline())
    assert layout.turns
    assert layout.num_contexts == 12
    assert layout.num_units > 13
