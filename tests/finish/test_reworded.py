"""What a model may say in place of an answer."""

from __future__ import annotations

import pytest

from sparing.finish.reworded import may_be_reworded, not_in

ANSWER = """The Falcon heater has a warranty of 24 months from the day of delivery [1]. Damage by water is not covered, and
neither are the seals [2].

Send the heater to Oslo with form K-12. The repair takes 3 weeks and costs 40 EUR [3]."""


@pytest.mark.parametrize(
    "short",
    [
        "The Falcon heater has a warranty of 24 months [1].",
        "The warranty is 24 months from delivery [1]. Damage by water is not covered [2].",
        "Send the heater to Oslo. The repair costs 40 EUR [3].",
    ],
)
def test_what_the_answer_says_may_be_said(short: str) -> None:
    """In fewer words, with its numbers, names, negations and citations."""
    assert not_in(short, ANSWER) == ""


@pytest.mark.parametrize(
    ("short", "why"),
    [
        ("The Falcon heater has a warranty of 36 months [1].", "36"),
        ("Damage by water is covered [2].", "denies"),
        ("Send the heater to Bergen.", "bergen"),
        ("Send the heater to Oslo with form K-13.", "K-13"),
        ("The repair takes 40 weeks.", "40"),
        ("The Falcon heater has a warranty of 24 months [3].", "[3] is not cited for that"),
        ("The repair costs 40 EUR, see https://example.com/a.", "https://example.com/a"),
        ("Anything else?", "claims nothing"),
        ("", "claims nothing"),
    ],
)
def test_what_it_does_not_say_may_not(short: str, why: str) -> None:
    """The first thing that is not in the answer is told."""
    assert why in not_in(short, ANSWER)


def test_yes_does_not_become_no() -> None:
    """The first word of an answer is its answer."""
    assert "begins with No" in not_in("No. Hats are taken back.", "Yes. Hats are taken back.")


def test_code_and_tables_are_nobodys_to_write_anew() -> None:
    """Prose and lists are."""
    assert may_be_reworded("One.\n\n- two\n- three")
    assert not may_be_reworded("One.\n\n```\nx\n```")
    assert not may_be_reworded("One.\n\n| a |\n|---|\n| b |")
