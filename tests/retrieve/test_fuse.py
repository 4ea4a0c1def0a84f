"""Two rankings into one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.core.passage import Passage
from sparing.core.store import Scored
from sparing.retrieve.fuse import Found, Weights, fuse, measured
from sparing.retrieve.weights import fitted_for

SCORES = st.dictionaries(st.integers(1, 40), st.floats(0.01, 50), max_size=12)


def ranked(scores: dict[int, float]) -> list[Scored]:
    return [Scored(row, score) for row, score in sorted(scores.items(), key=lambda item: -item[1])]


@given(SCORES, SCORES)
def test_every_row_comes_once_with_what_each_says_of_it(words: dict[int, float], near: dict[int, float]) -> None:
    """Whatever is found, scores are the store's, ranks say who found it, and nothing is nearer than the nearest."""
    found = fuse(ranked(words), ranked(near))
    assert sorted(one.id for one in found) == sorted(words.keys() | near.keys())
    for one in found:
        assert one.words == words.get(one.id, 0)
        assert 0 <= one.vector <= 1
        assert one.near <= 0
        assert one.nearest == max(near.values(), default=0)
        assert bool(one.word_rank) == (one.id in words)
        assert bool(one.vector_rank) == (one.id in near)


@given(SCORES, st.floats(0.1, 10), st.floats(-5, 5))
def test_the_scale_of_a_models_cosines_does_not_matter(near: dict[int, float], factor: float, shift: float) -> None:
    """Cosines that are crowded together fuse as those that are not."""
    plain = fuse([], ranked(near))
    crowded = fuse([], [Scored(row.id, factor * row.score + shift) for row in ranked(near)])
    assert [one.vector for one in plain] == pytest.approx([one.vector for one in crowded], abs=1e-4)


def test_a_row_that_only_one_found_has_nothing_of_the_other() -> None:
    """Its words count nothing, and it is no nearer than the last that was fetched."""
    found = {one.id: one for one in fuse([Scored(1, 0.8), Scored(2, 0.4)], [Scored(3, 0.75), Scored(1, 0.25)])}
    assert found[2] == Found(2, words=0.4, near=-0.25, nearest=0.75, word_rank=2)
    assert found[3] == Found(3, vector=1.0, near=0.0, nearest=0.75, vector_rank=1)
    assert found[1] == Found(1, words=0.8, vector=0.0, near=-0.25, nearest=0.75, word_rank=1, vector_rank=2)


def test_cosines_count_for_less_where_they_are_crowded() -> None:
    """A lead of a tenth tells more where all others are far off."""
    apart = fuse([], [Scored(1, 0.7), Scored(2, 0.6), Scored(3, 0.1)])
    crowded = fuse([], [Scored(1, 0.7), Scored(2, 0.6), Scored(3, 0.5)])
    assert apart[1].near < crowded[1].near < 0
    assert apart[0].near == crowded[0].near == 0


def test_a_passage_has_room_by_its_length() -> None:
    """Little where it is a few words long; of a paragraph and a page that tells nothing any more."""
    few, sentence, paragraph, page = (
        measured(Found(1), Passage(1, "a", 0, "x" * size, "")).room for size in (10, 100, 600, 3_000)
    )
    assert 0 < few < sentence - 0.4 < paragraph - 0.4
    assert page - paragraph < 0.05


def test_a_chance_rises_with_every_sign() -> None:
    """More words, a nearer vector, a better reading: a better chance."""
    weights = Weights(-3.0, words=1.0, vector=2.0, near=1.0, nearest=1.0, room=1.0, relevance=0.5)
    low = weights.chance(Found(1, 0.2, 0.2))
    assert low < weights.chance(Found(1, 0.9, 0.2)) < weights.chance(Found(1, 0.9, 0.9))
    for better in (Found(1, 0.2, 0.2, near=0.4), Found(1, 0.2, 0.2, nearest=0.4), Found(1, 0.2, 0.2, room=0.4)):
        assert low < weights.chance(better)
    assert low < weights.chance(Found(1, 0.2, 0.2), relevance=3.0) < 1
    assert weights.chance(Found(1), relevance=-1e9) > 0


QUESTION = "How long may a dog stay in the garden of the house?"


def test_a_shipped_model_has_weights_of_its_own() -> None:
    """Those of another model know nothing of how its cosines are spread; without vectors words count alone."""
    models = "sparing-static-0123", "sparing-minilm-4567", "text-embedding-3-small", ""
    static, minilm, other, words = (fitted_for(model, QUESTION) for model in models)
    assert static != minilm
    assert min(static.fused.near, minilm.fused.near) > 0
    assert (other.fused.near, other.judged.near) == (0, 0)
    assert other.fused.vector > 0
    assert words.fused == Weights(words.fused.bias, words=words.fused.words, room=words.fused.room)


def test_a_model_is_trusted_less_in_a_language_that_it_does_not_know() -> None:
    """Its cosines then count as those of a model that nobody looked at."""
    other = fitted_for("text-embedding-3-small", QUESTION)
    for question in ("Wie lange darf ein Hund im Garten des Hauses bleiben?", "狗可以在花园里待多久？"):
        assert fitted_for("sparing-minilm-4567", question) == other
