"""The side-by-side."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reduced_sample import batch, reduced

from sparing.cli.show import Row, clip, rows, show
from sparing.core.ladder import Elision


def test_kept_and_dropped_stretches_line_up() -> None:
    """What went stands beside its mark, what stayed beside itself."""
    source = "One. Two. Three. Four."
    assert rows(source, [Elision(5, 17, 2)], "One. [… 2 sentences] Four.") == [
        Row("One. ", "One.", gone=False),
        Row("Two. Three. ", "[… 2 sentences]", gone=True),
        Row("Four.", "Four.", gone=False),
    ]


def test_everything_dropped_is_one_row() -> None:
    """Only the mark is left."""
    assert rows("abc", [Elision(0, 3, 1)], "[… 1 line]") == [Row("abc", "[… 1 line]", gone=True)]


def test_nothing_dropped_is_one_row() -> None:
    """The text beside itself."""
    assert rows("abc", [], "abc") == [Row("abc", "abc", gone=False)]


def test_another_shape_is_shown_whole() -> None:
    """A lossless rendition that says the same in columns cannot be lined up."""
    source, sent = '[{"a":1},{"a":2}]', "a\n1\n2"
    assert rows(source, [], sent) == [Row(source, sent, gone=False)]


def test_words_of_the_rendition_itself_get_a_row() -> None:
    """A heading that was added stands alone."""
    assert rows("abc", [], "2 of 9 rows\nabc") == [Row("", "2 of 9 rows", gone=False), Row("abc", "abc", gone=False)]


@given(st.lists(st.tuples(st.text(st.sampled_from("ab .\n"), max_size=8), st.booleans()), max_size=8))
@settings(max_examples=100, deadline=None)
def test_no_part_of_the_source_is_lost(parts: list[tuple[str, bool]]) -> None:
    """Whatever was dropped, every letter of the source is on the left."""
    source, sent, at = "", "", 0
    elided = []
    for text, gone in parts:
        source += text
        sent += "" if gone else text
        if gone and text:
            elided.append(Elision(at, at + len(text), 1))
        at += len(text)
    left = "".join(row.source for row in rows(source, elided, sent))
    assert "".join(left.split()) == "".join(source.split())


def test_long_stretches_are_clipped() -> None:
    """The ends stay, the middle is counted."""
    lines = clip("\n".join(f"line {n}" for n in range(100))).split("\n")
    assert (lines[0], lines[6], lines[-1], len(lines)) == ("line 0", "... 92 more lines ...", "line 99", 9)
    assert " ... 1,200 more characters ... " in clip("x" * 2000)
    assert clip("short") == "short"


def test_control_characters_are_made_visible(capsys: pytest.CaptureFixture[str]) -> None:
    """A log cannot drive the terminal it is shown on."""
    show(batch(reduced(text="\x1b[31mred", elided=())))
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "␛[31mred" in printed
