"""An old tool result in one line that says what it was."""

from __future__ import annotations

import json

import pytest

from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.reducers.masked_result import masked_result
from sparing.testing import hostile_texts, sample_texts
from sparing.tokens.models import counter_for

COUNTER = counter_for("gpt-4o")
ROWS = json.dumps([{"order_id": f"A-{1000 + i}", "status": "ok", "city": "Oslo"} for i in range(40)])


def masked(text: str, tool: str = "get_orders", question: str = "", pins: tuple[str, ...] = ()) -> str:
    """The line."""
    return masked_result(text, tool, Ask(COUNTER, Question(question) if question else None, pins)).text


def test_rows_are_counted_and_their_fields_named() -> None:
    """The tool, the number of rows, the keys, and the first ids."""
    assert masked(ROWS).startswith("[… get_orders: 40 rows of order_id, status, city; A-1000, A-1001, ")
    assert len(masked(ROWS).split("A-")) == 13


def test_what_later_messages_name_comes_first() -> None:
    """An id that was used later is in the line though it is far down in the result."""
    assert "city; A-1037, A-1000" in masked(ROWS, question="Cancel A-1037, please.")


def test_an_object_has_fields_and_a_text_has_lines() -> None:
    """Sizes are in the units of the result."""
    assert masked(json.dumps({"id": "usr_1", "note": "x " * 60})).startswith(
        "[… get_orders: 2 fields of id, note; usr_1"
    )
    assert masked("a line of words\n" * 30, "read_file") == "[… read_file: 30 lines]"
    assert masked("a line of words\n" * 30, "") == "[… 30 lines]"


def test_a_failure_is_told() -> None:
    """The last line that names an error stays to the letter."""
    trace = "Traceback (most recent call last):\n" + '  File "a.py", line 1, in f\n' * 9 + "KeyError: 'Atlantis'\n"
    assert "KeyError: 'Atlantis'" in masked(trace, "run")


def test_pins_stay() -> None:
    """A pin is in the line; where it cannot be, the result stays as it is."""
    assert "A-1033" in masked(ROWS, pins=("A-1033",))
    text = "one line\nand another of many words\n" * 20
    assert masked(text, pins=("line\nand",)) == text


def test_a_short_result_stays() -> None:
    """Where the line would be no shorter, nothing is left out."""
    rendition = masked_result("ok", "ping", Ask(COUNTER))
    assert rendition.text == "ok"
    assert not rendition.elisions


@pytest.mark.parametrize("text", [*hostile_texts().values(), *(t for texts in sample_texts().values() for t in texts)])
def test_never_larger_and_one_line(text: str) -> None:
    """Whatever the result: the line is shorter than it, or it stays."""
    rendition = masked_result(text, "tool", Ask(COUNTER))
    assert COUNTER.count(rendition.text) <= COUNTER.count(text)
    if rendition.elisions:
        assert "\n" not in rendition.text
        assert rendition.elisions[0].end == len(text)
        assert rendition.tokens == COUNTER.count(rendition.text)
