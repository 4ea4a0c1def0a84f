"""Texts of which something was left out are found by the words of a question."""

from __future__ import annotations

from sparing.conversation.shelf import Shelf

TEXTS = (
    "The lighthouse keeper refused the new contract in March.",
    "Invoices of the bakery are paid within thirty days.",
    "Die Verträge der Bäckerei wurden im Oktober gekündigt.",
    "2006年，Internet2宣布与Level 3合作，推出全国网络。",
    "The bakery bakes bread. Bread is what a bakery sells, and the bakery sells a lot of bread.",
)


def shelf() -> Shelf:
    made = Shelf()
    for number, text in enumerate(TEXTS):
        made.put(number, text)
    return made


def test_words_in_other_forms_are_found() -> None:
    """Case, accents, plurals and kin of a word do not matter."""
    assert shelf().find("Which contracts did the keepers of LIGHTHOUSES refuse?", 3)[0] == 0
    assert shelf().find("Wann wurde der Vertrag der Backerei gekundigt?", 3)[0] == 2


def test_scripts_without_spaces_are_found() -> None:
    """Pairs of characters stand in for words."""
    assert shelf().find("谁和Internet2合作了？", 3) == [3]


def test_nothing_in_common_finds_nothing() -> None:
    """Small talk and other subjects find no text."""
    assert shelf().find("Thanks, good night!", 3) == []
    assert shelf().find("", 3) == []
    assert shelf().find("How tall is Mont Blanc?", 3) == []


def test_a_text_that_comes_again_counts_once() -> None:
    """What is left out of a text may change from turn to turn; the text is the same."""
    made = shelf()
    made.put(0, TEXTS[0])
    assert made.find("Which contracts did the keepers of LIGHTHOUSES refuse?", 3) == [0]


def test_best_first_and_not_more_than_asked_for() -> None:
    """The text that says most of the rare words comes first."""
    assert shelf().find("How are invoices of the bakery paid?", 1) == [1]
