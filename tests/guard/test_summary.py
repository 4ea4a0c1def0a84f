"""A summary holds no number or identifier that its source does not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sparing.guard.summary import unsupported

SOURCE = "Order A-1042 of 2024-03-01: 1,250 crates to Kyoto, gate 7B, 12.5 % off."


def test_what_is_there_is_borne_out() -> None:
    """As written, or without the signs that group digits."""
    assert unsupported("A-1042: 1250 crates (12.5 % off), gate 7B, 2024-03-01", SOURCE) == ""


def test_what_is_not_there_is_found() -> None:
    """One digit off, or an id of another order."""
    assert unsupported("A-1043: 1,250 crates", SOURCE) == "A-1043"
    assert unsupported("1,251 crates", SOURCE) == "1,251"
    assert unsupported("250 crates", "12500 crates") == "250"


@given(st.text(), st.integers(0, 40), st.integers(0, 40))
def test_any_piece_of_the_source_between_words_is_borne_out(text: str, start: int, length: int) -> None:
    """The law of elision: what is cut out of a text word by word is in it."""
    words = text.split(" ")
    assert unsupported(" ".join(words[start : start + length]), text) == ""
