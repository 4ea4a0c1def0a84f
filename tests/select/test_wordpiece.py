"""WordPiece against its definition, and against the reference where that is installed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.select.wordpiece import WordPiece, words
from sparing.testing.tiny_models import PIECES

# Characters that every version of Unicode since 2015 knows.
_CHARACTERS = st.characters(max_codepoint=0x5FF, exclude_categories=("Cn", "Co", "Cs"))
_TEXTS = st.text(_CHARACTERS, max_size=60) | st.text(st.sampled_from("abc éÀ中文 .,-_#'\n\t☃"), max_size=40)


@pytest.fixture
def vocabulary() -> WordPiece:
    return WordPiece(PIECES)


def test_longest_piece_first(vocabulary: WordPiece) -> None:
    """A word that is no piece is cut into the longest that are, the later ones marked."""
    cats = [PIECES[i] for i in vocabulary.ids("Cats built!")]
    assert cats == ["cat", "##s", "built", "!"]


def test_what_has_no_pieces_is_unknown(vocabulary: WordPiece) -> None:
    """One unknown character makes its whole word unknown, and so does an endless word."""
    assert vocabulary.ids("cat☃ dog") == [vocabulary.unknown, *vocabulary.ids("dog")]
    assert vocabulary.ids("a" * 101) == [vocabulary.unknown]


@given(_TEXTS)
@settings(deadline=None)
def test_words_are_those_of_bert(text: str) -> None:
    """The words of `transformers`' uncased tokenizer."""
    reference = pytest.importorskip("tokenizers")
    normalizer = reference.normalizers.BertNormalizer(lowercase=True)
    splitter = reference.pre_tokenizers.BertPreTokenizer()
    expected = [word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))]
    assert list(words(text)) == expected


@given(_TEXTS, _TEXTS)
@settings(deadline=None)
def test_apart_or_together(one: str, other: str) -> None:
    """Texts with a blank between them have the words of both."""
    assert list(words(f"{one} {other}")) == [*words(one), *words(other)]


def test_memory_is_bounded(vocabulary: WordPiece, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many words come by, few are remembered, and all are cut alike."""
    monkeypatch.setattr("sparing.select.wordpiece._MOST_WORDS", 10)
    first = [vocabulary.ids(f"cat{n}") for n in range(100)]
    assert [vocabulary.ids(f"cat{n}") for n in range(100)] == first
    assert len(vocabulary._pieces) <= 10
