"""Folding, stems and rarity."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.reducers.words import WORD, fold, rarity, stem


def test_fold_drops_case_and_accents():
    """Words that differ in case or accent only are the same."""
    assert fold("ÉCOLE Ναός İstanbul Ёлка Thành phố أحمد") == "ecole ναοσ istanbul елка thanh pho احمد"


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_fold_keeps_offsets(text):
    """Every character has one counterpart at the same place."""
    assert len(fold(text)) == len(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [("films", "filmed"), ("studies", "study"), ("running", "run"), ("cities", "city"), ("classes", "class")],
)
def test_stems_meet(one, other):
    """Plural and past find each other."""
    assert stem(one) == stem(other)


def test_stem_leaves_numbers_and_short_words():
    """Nothing is left of a short word if its ending goes."""
    assert [stem(word) for word in ("1990s", "us", "glass", "gas")] == ["1990s", "us", "glass", "gas"]


def test_rare_words_weigh_more():
    """Common words are common in the vocabulary too, in any language."""
    assert rarity("the") < rarity("house") < rarity("phosphorus") < rarity("dithyrambic")
    assert rarity("und") < rarity("verfassung")


def test_words_keep_their_vowel_signs():
    """Hindi and Thai words are not cut at their marks; snake_case is."""
    assert WORD.findall("वारसॉ की read_rows") == ["वारसॉ", "की", "read", "rows"]
