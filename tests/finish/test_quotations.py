"""Quotations found where they are, and not where they are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.finish.grounded.quotes import find, quotations

TEXT = (
    "Sec. 4. The tenant shall not sublet the flat, or any part of it, without the landlord’s writ-\nten consent; such "
    "consent may not be withheld  unreasonably. A fee of € 50.00 is due — in all cases — to Smith & Sons."
)


@pytest.mark.parametrize(
    "quotation",
    [
        "the tenant shall not sublet",
        "without the landlord's written consent",
        "may not be withheld unreasonably",
        "A fee of € 50.00 is due - in all cases - to Smith & Sons",
        "The tenant shall not sublet the flat … without the landlord's written consent",
        "The tenant shall not sublet [...] without the landlord's",
        "The tenant shall not sublet the flat, or any part of that, without the landlord's written consent",
    ],
)
def test_case_blanks_signs_and_ellipses_do_not_count(quotation: str) -> None:
    """Found, but told apart from the very letters; so is one word in ten that differs."""
    found = find(quotation, TEXT)
    assert found is not None
    assert found.how == "fuzzy"


def test_the_very_letters_are_exact() -> None:
    """As they stand."""
    found = find("shall not sublet the flat", TEXT)
    assert found is not None
    assert (found.text, found.how) == ("shall not sublet the flat", "exact")


@pytest.mark.parametrize(
    "quotation",
    [
        "the tenant shall sublet the flat, or any part of it, without the landlord's written consent",
        "A fee of € 60.00 is due - in all cases - to Smith & Sons",
        "A fee of € 50.00 is due - in all cases - to Miller & Sons",
        "without the landlord's written consent … The tenant shall not sublet",
        "the landlord pays for everything that the tenant breaks",
    ],
)
def test_another_number_name_negation_or_order_is_another_text(quotation: str) -> None:
    """Not found, however alike."""
    assert find(quotation, TEXT) is None


def test_every_kind_of_sign_is_read() -> None:
    """Straight, curly, German, French, and quoted blocks; two words are no quotation."""
    answer = 'He says "one two three", “four five six”, „sieben acht neun“, « dix onze douze » and "ten".\n\n> a block of\n> text\n'
    assert [quote.text for quote in quotations(answer)] == [
        "one two three",
        "four five six",
        "sieben acht neun",
        "dix onze douze",
        "a block of\ntext",
    ]


@given(st.data())
def test_whatever_is_copied_is_found(data: st.DataObject) -> None:
    """Any stretch, in any case."""
    start = data.draw(st.integers(0, len(TEXT) - 12))
    end = data.draw(st.integers(start + 12, len(TEXT)))
    assert find(TEXT[start:end], TEXT) is not None
    assert find(TEXT[start:end].upper(), TEXT) is not None
