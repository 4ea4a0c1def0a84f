"""Alignment of a shortened text with its source."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.evals.align import kept_words, words

SOURCE = "".join(f"Grad {'ABC'[i % 3]}: So point {i} is about {i * 13} things . Yeah .\n" for i in range(80))


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 79), min_size=1))
def test_lines_kept_with_markers_between_are_found_in_their_place(kept: set[int]) -> None:
    """Exactly the words of the kept lines are flagged, whatever stands in the gaps."""
    lines = SOURCE.splitlines(keepends=True)
    pieces = [line if i in kept else "[… 1 line]\n" for i, line in enumerate(lines)]
    flags = kept_words(words(SOURCE), "".join(pieces))
    starts = words(SOURCE).starts
    expected = bytearray(len(starts))
    offset = 0
    for i, line in enumerate(lines):
        for word in words(SOURCE).within(offset, offset + len(line)):
            expected[word] = i in kept
        offset += len(line)
    assert flags == expected


def test_words_of_its_own_and_repetitions_earn_nothing() -> None:
    """An output that says one line a hundred times keeps that line, and foreign words keep none."""
    line = SOURCE.splitlines()[5]
    assert sum(kept_words(words(SOURCE), line * 100)) == len(line.split())
    assert sum(kept_words(words(SOURCE), "nothing of this stands there at all")) == 0


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab \n", max_size=120), st.text(alphabet="ab \n", max_size=120))
def test_no_more_words_are_kept_than_the_output_has(source: str, output: str) -> None:
    """On any two texts, however repetitive."""
    assert sum(kept_words(words(source), output)) <= len(output.split())


def test_the_whole_text_is_kept_whole() -> None:
    """The identity flags every word; tokens add up to the count of the text."""
    source = words(SOURCE)
    assert all(kept_words(source, SOURCE))
    assert len(source.starts) == len(source.text) == len(source.tokens)
