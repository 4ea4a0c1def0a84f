"""Sentence boundaries."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.core.deadline import Deadline
from sparing.errors import DeadlineExceeded
from sparing.reducers.sentences import LONG_CHARS, is_wrapped, sentence_bounds


def sentences(text: str) -> list[str]:
    return [text[a:b].strip() for a, b in pairwise(sentence_bounds(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat sat down. The dog stood up.", 2),
        ("Dr. Smith of the U.S. Army met J. K. Rowling on Jan. 5. She left at noon.", 2),
        ("He paid 3.50 euros, i.e. too much. Nobody minded at all!", 2),
        ("Is it late? Yes, it is! Go home… Now, please.", 4),
        ("He said “come in.” Then he left.[12] Nobody came.", 3),
        ("Das Werk wurde am 3. Oktober eröffnet. Es regnete, z. B. in Berlin.", 2),
        ("Он родился в 1990 году. Потом он уехал в г. Москва.", 2),
        ("华沙的第一家文艺歌厅是摩摩斯。它在1870年运营！后来它关门了吗？", 3),
        ("أين يقع المسرح الصيفي؟ يقع المسرح في وسط المدينة.", 2),
        ("यह पहला वाक्य है। यह दूसरा वाक्य है।", 2),
        ("Πού βρίσκεται το θέατρο; Βρίσκεται στην πόλη.", 2),
        ("Tiyatro nerede bulunuyor? Şehrin tam ortasında.", 2),
        ("Nhà hát nằm ở đâu? Nó nằm ở trung tâm thành phố.", 2),
    ],
)
def test_sentences_of_many_languages(text, expected):
    """A full stop ends a sentence, an abbreviation, an initial, an ordinal or a decimal point does not."""
    assert len(sentences(text)) == expected, sentences(text)


def test_thai_is_cut_at_spaces():
    """Thai has no full stop: units are clauses of about one line."""
    text = "โรงละครคาบาเรต์แห่งแรกของวอร์ซอว์ เปิดดำเนินการตั้งแต่ปี 1870 " * 6
    assert 4 <= len(sentences(text)) <= 8


def test_lines_and_list_items_are_units():
    """A heading, a list item and an unwrapped line end where the line ends."""
    text = "# Limits\n\nThe limit is five.\n- the first item\n- the second item\n"
    assert sentences(text) == ["# Limits", "The limit is five.", "- the first item", "- the second item"]


def test_hard_wrapped_lines_are_joined():
    """Where lines were broken to fit a width, a sentence goes on over the line end."""
    text = (
        "This is a paragraph that somebody has wrapped at a fixed width so that it\n"
        "fits a terminal, and it goes on for a while before it comes to its end. The\n"
        "second sentence begins in the middle of a line and ends on the one after\n"
        "that.\n\nA new paragraph.\n"
    )
    assert is_wrapped(text)
    assert len(sentences(text)) == 3


def test_a_number_stays_with_its_list_item():
    """``1.`` begins an item, it does not end a sentence."""
    assert sentences("1. Open the lid first.\n2. Close the lid again.\n") == [
        "1. Open the lid first.",
        "2. Close the lid again.",
    ]


def test_long_units_are_cut_at_clauses():
    """A unit without a stop is cut where a clause ends, so that it need not stay or go whole."""
    text = ", ".join(f"the {k}th clause of a sentence that does not end" for k in range(60))
    pieces = sentences(text)
    assert len(pieces) > 4
    assert all(len(piece) <= LONG_CHARS for piece in pieces)
    assert all(piece.endswith(",") for piece in pieces[:-1])


@given(st.text(alphabet=st.sampled_from("aB1 .!?\n。؟क।α;…\"')-:\t\u0e01é\ud800"), max_size=400))
@settings(max_examples=100, deadline=None)
def test_sentences_together_are_the_text(text):
    """Bounds ascend from 0 to the end, whatever the text."""
    bounds = sentence_bounds(text)
    assert bounds[0] == 0
    assert bounds[-1] == len(text)
    assert all(a < b for a, b in pairwise(bounds))


def test_an_expired_deadline_stops_the_search():
    """The deadline is looked at on the way."""
    with pytest.raises(DeadlineExceeded):
        sentence_bounds("One more sentence here. " * 2_000, Deadline(at_s=0.0))
