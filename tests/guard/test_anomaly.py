"""Texts unlike anything that was calibrated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.core.calibration import Likeness, Signs, Spread
from sparing.guard.anomaly import script_of, signs_of, unlike

LIKE = Likeness(
    ("cyrillic", "latin"),
    tokens=Spread(100, 1000, (9,)),
    reach=Spread(0.01, 0.2, (9,)),
    half_tokens=Spread(9, 90, (9,)),
    digits=Spread(0.0, 0.1, (9,)),
)
USUAL = Signs(500, 0.1, 0.02, "latin")


def test_what_is_like_the_calibrated_is_nothing_strange() -> None:
    """Within twice the range of lengths, and a little beyond the digits."""
    for signs in (USUAL, Signs(51, 0.2, 0.12, "cyrillic"), Signs(1999, 0.001, 0.0, "")):
        assert unlike(signs, LIKE) == ""


@pytest.mark.parametrize(
    ("signs", "why"),
    [
        (Signs(500, 0.1, 0.02, "thai"), "thai script"),
        (Signs(49, 0.1, 0.02, "latin"), "49 tokens"),
        (Signs(2001, 0.1, 0.02, "latin"), "2,001 tokens"),
        (Signs(500, 0.1, 0.2, "latin"), "20% digits"),
        (Signs(500, 0.4, 0.02, "latin"), "stands out"),
    ],
)
def test_each_sign_can_be_strange(signs: Signs, why: str) -> None:
    """Script, length, digits, and scores that tell nothing apart."""
    assert why in unlike(signs, LIKE)


@pytest.mark.parametrize(
    ("letters", "script"),
    [
        ("aé", "latin"),
        ("жя", "cyrillic"),
        ("ωα", "greek"),
        ("中", "han"),
        ("の", "kana"),
        ("ก", "thai"),
        ("हि", "devanagari"),
    ],
)
def test_scripts(letters: str, script: str) -> None:
    """One letter tells."""
    assert {script_of(letter) for letter in letters if letter.isalpha()} == {script}


@given(st.text(max_size=3000), st.integers(1, 5000))
def test_signs_are_those_of_any_text(text: str, tokens: int) -> None:
    """Shares are shares, whatever the text is made of."""
    signs = signs_of(text, [0, tokens // 2, tokens], [0.0, 0.6, 1.0])
    assert signs.tokens == tokens
    assert 0 <= signs.digits <= 1
    assert signs.reach == round((tokens // 2) / tokens, 6)
    assert signs.script or not any(map(str.isalpha, text[:: 1 + len(text) // 600]))
