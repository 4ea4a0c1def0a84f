"""Tables of text lose the rows that matter least; the header and what is kept stay as they were written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.core.deadline import Deadline
from sparing.core.ladder import Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.errors import DeadlineExceeded
from sparing.reducers.table_rows import TableRows
from sparing.testing.samples import quoted_table, table
from sparing.tokens.estimate import CharCounter

ROWS = TableRows()


def ladder(text: str, question: str = "", pins: tuple[str, ...] = ()):
    offer = ROWS.propose(text, Ask(CharCounter(), Question(question) if question else None, pins))
    assert not isinstance(offer, Skip), offer
    return offer


def test_the_last_rung_is_the_text_itself():
    """Nothing is re-formatted."""
    for text in (table(), table("\t"), quoted_table(), table().rstrip("\n")):
        offer = ladder(text)
        assert offer.render(len(offer.tokens) - 1).text == text


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_header_is_in_every_rung(separator):
    """Without it the cells say nothing."""
    offer = ladder(table(separator))
    header = table(separator).split("\n", 1)[0]
    assert all(offer.render(rung).text.startswith(header) for rung in range(len(offer.tokens)))
    assert offer.render(0).text == f"{header}\n[… 60 rows]\n"


def test_rows_and_gaps_add_up_and_rows_are_verbatim():
    """Every kept line is a line of the source, in order, and gaps count the others."""
    source = table()
    lines = ladder(source).render(9).text.splitlines()[1:]
    gaps = [int(found[1]) for line in lines if (found := re.fullmatch(r"\[… (\d+) rows?\]", line))]
    kept = [line for line in lines if not line.startswith("[…")]
    assert kept == [line for line in source.splitlines()[1:] if line in kept]
    assert sum(gaps) + len(kept) == 60


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("How much is payment P93098?", ["P93098,"]),
        ("Which payment number was used twice?", ["P104822,Turin", "P104822,Perth"]),
        ("Which payment did not go through?", ["declined"]),
        ("", ["declined", "P104822,Turin", "P104822,Perth"]),
    ],
)
def test_named_shared_and_failed_rows_come_first(question, shown):
    """What is named, what is there twice and what failed is among the first five of sixty."""
    text = ladder(table(), question).render(5).text
    assert all(cell in text for cell in shown)


def test_far_off_numbers_come_early_without_quotes():
    """A bare number in a text is judged like a number of JSON."""
    rows = [f"n{i},{100 + i % 9}" for i in range(50)]
    rows[31] = "n31,99000"
    assert "n31,99000" in ladder("name,ms\n" + "\n".join(rows)).render(4).text


def test_a_quoted_cell_with_line_breaks_is_one_row():
    """A row that spans lines stays or goes as a whole."""
    offer = ladder(quoted_table(), "What was said at 17?")
    text = offer.render(1).text
    assert '17,"Turin, harbour","said ""go"" at 17\r\nand went",119\r\n' in text
    assert sum(map(int, re.findall(r"\[… (\d+) rows\]", text))) == 29


def test_a_table_without_a_header_has_no_line_that_always_stays():
    """The first row is a row like the others."""
    source = "".join(f"{i},{i * i},{i / 4}\n" for i in range(20))
    assert ladder(source).render(0).text == "[… 20 rows]\n"


def test_pinned_rows_stay():
    """A row that holds a pinned string is in every rung."""
    offer = ladder(table(), pins=("P92121",))
    assert all("P92121" in offer.render(rung).text for rung in range(len(offer.tokens)))


@pytest.mark.parametrize("text", ["", "words", "no separator\n" * 9, "a,b\n1,2\n", 'a,b\n"' + "x" * 200_000])
def test_no_table_is_skipped_with_a_reason(text):
    """What has no cells, too few rows or quotes that never end is left alone."""
    offer = ROWS.propose(text, Ask(CharCounter()))
    assert isinstance(offer, Skip)
    assert offer.reason


def test_deadline():
    """An expired deadline ends the work."""
    with pytest.raises(DeadlineExceeded):
        ROWS.propose(table(), Ask(CharCounter(), deadline=Deadline(0.0)))


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet='ab,;|\t\n\r"1.é ', max_size=300), st.booleans())
def test_any_text_comes_back_whole(text, headed):
    """Whatever the quotes and line ends: the last rung is the source, elisions are ordered."""
    source = ("id,name,sum\n" if headed else "") + text
    offer = ROWS.propose(source, Ask(CharCounter(), Question("which b was 1 twice?")))
    if isinstance(offer, Skip):
        return
    assert offer.render(len(offer.tokens) - 1).text == source
    for rung in range(len(offer.tokens)):
        ends = [0, *(elision.end for elision in offer.render(rung).elisions)]
        assert ends == sorted(ends)
