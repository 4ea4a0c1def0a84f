"""Boosts: bounded, decaying, slow to believe."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.retrieve.feedback import HALF_LIFE_S, MOST, PRIOR, Use, boosts, goodness
from sparing.retrieve.search import boosted

uses = st.lists(
    st.builds(Use, st.sampled_from("abcdef"), st.floats(0, 40 * HALF_LIFE_S), st.sampled_from([0.0, 0.5, 1.0])),
    max_size=60,
)


@given(uses)
def test_no_boost_leaves_its_bounds(history: list[Use]) -> None:
    """Nor moves further than so many trials as it had can move it."""
    found = boosts(history)
    assert set(found) == {use.digest for use in history}
    for digest, factor in found.items():
        trials = sum(0.5 ** (use.age_s / HALF_LIFE_S) for use in history if use.digest == digest)
        assert abs(factor - 1) <= MOST * trials / (trials + PRIOR) + 1e-9


@given(uses, st.floats(1, 60))
def test_what_is_long_ago_counts_ever_less(history: list[Use], half_lives: float) -> None:
    """The bound shrinks as the trials age: by half with every half-life, of few trials."""
    later = boosts([replace(use, age_s=use.age_s + half_lives * HALF_LIFE_S) for use in history])
    for digest, factor in later.items():
        trials = sum(0.5 ** (use.age_s / HALF_LIFE_S + half_lives) for use in history if use.digest == digest)
        assert abs(factor - 1) <= MOST * trials / PRIOR + 1e-9


@given(uses, st.sampled_from("abcdef"), st.floats(0, 40 * HALF_LIFE_S))
def test_a_citation_is_never_worse_than_a_miss(history: list[Use], digest: str, age_s: float) -> None:
    """For the passage itself, whatever was before."""
    cited = boosts([*history, Use(digest, age_s, 1.0)])
    missed = boosts([*history, Use(digest, age_s, 0.0)])
    assert cited[digest] >= missed[digest] - 1e-12


def test_what_is_always_cited_ranks_above_what_never_is() -> None:
    """After forty answers each."""
    found = boosts([Use(name, 0.0, good) for name, good in (("good", 1.0), ("bad", 0.0)) for _ in range(40)])
    assert 1.1 < found["good"] <= 1 + MOST
    assert 1 - MOST <= found["bad"] < 0.9


def test_a_single_citation_moves_little() -> None:
    """Beside passages that are sent and never cited: less than a tenth of the bound."""
    found = boosts([Use("lucky", 0.0, 1.0), *(Use(f"other{i}", 0.0, 0.0) for i in range(50))])
    assert 1 < found["lucky"] <= 1 + MOST / 10


@pytest.mark.parametrize(
    ("cited", "useful", "good"),
    [(True, None, 1.0), (False, None, 0.0), (True, False, 0.5), (False, True, 0.5), (True, True, 1.0)],
)
def test_what_the_caller_says_counts_for_half(cited: bool, useful: bool | None, good: float) -> None:
    """Beside whether it was cited; alone where nothing is said."""
    assert goodness(cited=cited, useful=useful) == good


def test_search_takes_a_boost_on_the_odds() -> None:
    """A chance of one half moves by less than five points."""
    assert 0.5 < boosted(0.5, 1 + MOST) < 0.55
    assert 0.44 < boosted(0.5, 1 - MOST) < 0.5
