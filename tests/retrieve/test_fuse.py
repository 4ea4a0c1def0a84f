"""Two rankings into one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.core.store import Scored
from sparing.retrieve.fuse import Found, Weights, fuse
from sparing.retrieve.weights import fitted_for

SCORES = st.dictionaries(st.integers(1, 40), st.floats(0.01, 50), max_size=12)


def ranked(scores: dict[int, float]) -> list[Scored]:
    return [Scored(row, score) for row, score in sorted(scores.items(), key=lambda item: -item[1])]


@given(SCORES, SCORES)
def test_every_row_comes_once_with_shares_of_the_best(words: dict[int, float], near: dict[int, float]) -> None:
    """Whatever is found, shares lie between 0 and 1 and ranks say who found it."""
    found = fuse(ranked(words), ranked(near))
    assert sorted(one.id for one in found) == sorted(words.keys() | near.keys())
    for one in found:
        assert 0 <= one.words <= 1
        assert 0 <= one.vector <= 1
        assert bool(one.word_rank) == (one.id in words)
        assert bool(one.vector_rank) == (one.id in near)


@given(SCORES, st.floats(0.1, 10), st.floats(-5, 5))
def test_the_scale_of_a_models_cosines_does_not_matter(near: dict[int, float], factor: float, shift: float) -> None:
    """Cosines that are crowded together fuse as those that are not."""
    plain = fuse([], ranked(near))
    crowded = fuse([], [Scored(row.id, factor * row.score + shift) for row in ranked(near)])
    assert [one.vector for one in plain] == pytest.approx([one.vector for one in crowded], abs=1e-4)


def test_a_row_that_only_one_found_has_nothing_of_the_other() -> None:
    """Its share of the other ranking is 0, and it is no nearer than the last that was fetched."""
    found = {one.id: one for one in fuse([Scored(1, 8.0), Scored(2, 4.0)], [Scored(3, 0.9), Scored(1, 0.5)])}
    assert found[2] == Found(2, words=0.5, word_rank=2, cosine=0.5)
    assert found[3] == Found(3, vector=1.0, vector_rank=1, cosine=0.9)
    assert found[1] == Found(1, words=1.0, vector=0.0, word_rank=1, vector_rank=2, cosine=0.5)


def test_a_chance_rises_with_every_sign() -> None:
    """More words, a nearer vector, a better reading: a better chance."""
    weights = Weights(-3.0, 1.0, 2.0, 1.0, 0.5)
    low = weights.chance(Found(1, 0.2, 0.2))
    assert low < weights.chance(Found(1, 0.9, 0.2)) < weights.chance(Found(1, 0.9, 0.9))
    assert low < weights.chance(Found(1, 0.2, 0.2, cosine=0.4))
    assert low < weights.chance(Found(1, 0.2, 0.2), relevance=3.0) < 1
    assert weights.chance(Found(1), relevance=-1e9) > 0


QUESTION = "How long may a dog stay in the garden of the house?"


def test_a_shipped_model_has_weights_of_its_own() -> None:
    """Those of another model know nothing of how its cosines are spread; without vectors words count alone."""
    models = "sparing-static-0123", "sparing-minilm-4567", "text-embedding-3-small", ""
    static, minilm, other, words = (fitted_for(model, QUESTION) for model in models)
    assert static != minilm
    assert min(static.fused.cosine, minilm.fused.cosine) > 0
    assert (other.fused.cosine, other.judged.cosine) == (0, 0)
    assert other.fused.vector > 0
    assert words.fused == Weights(words.fused.bias, words=words.fused.words)


def test_a_model_is_trusted_less_in_a_language_that_it_does_not_know() -> None:
    """Its cosines then count as those of a model that nobody looked at."""
    other = fitted_for("text-embedding-3-small", QUESTION)
    for question in ("Wie lange darf ein Hund im Garten des Hauses bleiben?", "狗可以在花园里待多久？"):
        assert fitted_for("sparing-minilm-4567", question) == other
