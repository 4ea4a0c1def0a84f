"""Counts are exact where a vocabulary is public, labelled where not, and add up over pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.errors import SettingsError
from sparing.tokens import bpe
from sparing.tokens.bpe import BpeCounter, load_vocabulary
from sparing.tokens.estimate import CharCounter, ScaledCounter
from sparing.tokens.memo import Memo
from sparing.tokens.models import counter_for

O200K = BpeCounter("o200k_base")


@pytest.mark.parametrize(
    ("vocabulary", "text", "tokens"),
    [
        ("o200k_base", "hello world", 2),
        ("o200k_base", "antidisestablishmentarianism", 6),
        ("o200k_base", "お誕生日おめでとう", 8),
        ("cl100k_base", "hello world", 2),
        ("cl100k_base", "antidisestablishmentarianism", 6),
        ("cl100k_base", "お誕生日おめでとう", 9),
        ("cl100k_base", "2 + 2 = 4", 7),
    ],
)
def test_published_counts(vocabulary: str, text: str, tokens: int) -> None:
    """Counts agree with the examples of OpenAI's cookbook ("How to count tokens with tiktoken", section 5)."""
    assert BpeCounter(vocabulary).count(text) == tokens


@given(st.text(max_size=400), st.lists(st.integers(0, 400), max_size=8))
@settings(max_examples=100, deadline=None)
def test_pieces_add_up(text: str, cuts: list[int]) -> None:
    """The pieces of a text have as many tokens together as the text, wherever it is cut."""
    bounds = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    pieces = O200K.split(text, bounds)
    assert len(pieces) == len(bounds) - 1
    assert sum(pieces) == (O200K.count(text) if len(bounds) > 1 else 0)


@pytest.mark.parametrize("filler", ["word and word, 12 more\n", "  if (x) {\n\n/* c */\n", "日本語のテキスト。\n"])
def test_long_texts_are_counted_in_windows_exactly(filler: str) -> None:
    """A text longer than a window has the count of the whole."""
    text = filler * (450_000 // len(filler))
    assert O200K.count(text) == len(load_vocabulary("o200k_base").encoding.encode_ordinary(text))


def test_endless_runs_are_counted() -> None:
    """Megabytes of one character are counted without a stack overflow."""
    assert O200K.count(" " * 3_000_000) > 0
    assert O200K.count("a" * 500_000) > 0


def test_lone_surrogates_are_counted() -> None:
    """Text that is not valid Unicode has a count all the same."""
    assert O200K.count("a\ud800b" * 50) > 0


def test_special_tokens_are_plain_text() -> None:
    """A user who writes a control token gets it counted as the characters it is."""
    assert O200K.count("<|endoftext|>") > 1


def test_damaged_vocabulary_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A vocabulary file whose hash is wrong is an error, not a wrong count."""
    monkeypatch.setitem(bpe._SHA256, "cl100k_base", "0" * 64)
    load_vocabulary.cache_clear()
    with pytest.raises(SettingsError, match="damaged"):
        load_vocabulary("cl100k_base")
    load_vocabulary.cache_clear()


@pytest.mark.parametrize(
    ("model", "name", "exact"),
    [
        ("gpt-4o-mini", "o200k_base", True),
        ("openai/gpt-5", "o200k_base", True),
        ("gpt-4-turbo", "cl100k_base", True),
        ("claude-sonnet-4-5", "o200k_base x 1.2 (claude)", False),
        ("my-own-model", "o200k_base x 1 (unknown model)", False),
    ],
)
def test_family_by_name(model: str, name: str, exact: bool) -> None:
    """A model's name tells its vocabulary; families without one are labelled estimates."""
    counter = counter_for(model)
    assert (counter.name, counter.exact) == (name, exact)


def test_estimates_scale() -> None:
    """An estimate is the base count times the factor, piece by piece too."""
    scaled = ScaledCounter("x", O200K, 1.5)
    text = "one two three four five six " * 4
    assert scaled.count(text) == round(O200K.count(text) * 1.5)
    assert CharCounter().split("abcdefgh", [0, 4, 8]) == [1, 1]


def test_memo_is_bounded_and_computes_once() -> None:
    """A text is counted once while it is remembered, and no more entries are kept than allowed."""
    calls: list[str] = []

    def compute(text: str) -> int:
        calls.append(text)
        return len(text)

    memo = Memo(compute, entries=3)
    assert [memo("x" * 100), memo("x" * 100)] == [100, 100]
    assert len(calls) == 1
    for n in range(10):
        memo(str(n))
    assert len(memo) == 3
    memo("x" * 100)
    assert calls.count("x" * 100) == 2
