"""Ranges of characters, subtracted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sparing.conversation.hidden import Range, not_in


def _ranges(marks: list[bool]) -> list[Range]:
    found: list[Range] = []
    for at, mark in enumerate(marks):
        if mark and (not at or not marks[at - 1]):
            found.append((at, at + 1))
        elif mark:
            found[-1] = (found[-1][0], at + 1)
    return found


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40))
def test_subtraction_is_what_it_says(marks: list[tuple[bool, bool]]) -> None:
    """What is in the first and in none of the second, character by character."""
    first, second = [a for a, _ in marks], [b for _, b in marks]
    expected = {at for at, (a, b) in enumerate(marks) if a and not b}
    assert {at for start, end in not_in(_ranges(first), _ranges(second)) for at in range(start, end)} == expected
