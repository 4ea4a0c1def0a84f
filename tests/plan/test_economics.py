"""When breaking the prompt cache pays, at real and at odd prices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.plan.economics import CacheCosts, cache_costs, pays_to_rewrite, pays_to_send_whole
from sparing.prices.lookup import prices_for

OPENAI = CacheCosts(write=1.0, read=0.5)
ANTHROPIC = CacheCosts(write=1.25, read=0.1)
NO_CACHE = CacheCosts(write=1.0, read=1.0)
tokens = st.integers(0, 100_000)


def test_costs_are_those_of_the_table() -> None:
    """Reads and writes as shares of the input price; what is unknown has a cache worth keeping."""
    claude = cache_costs(prices_for("claude-sonnet-4-5"))
    assert (claude.write, claude.read) == (1.25, pytest.approx(0.1))
    assert cache_costs(prices_for("gpt-4o")) == CacheCosts(1.0, 0.5)
    assert cache_costs(None) == CacheCosts(1.0, 0.1)


def test_hand_computed() -> None:
    """1,000 tokens written again cost 1,150 more than reading them; that much has to have been carried."""
    assert ANTHROPIC.rewriting(1000) == pytest.approx(1150)
    assert ANTHROPIC.carrying(1000, 12) == pytest.approx(1200)
    assert pays_to_rewrite(ANTHROPIC, ANTHROPIC.carrying(1000, 12), 1000)
    assert not pays_to_rewrite(ANTHROPIC, ANTHROPIC.carrying(1000, 11), 1000)


@given(st.floats(0, 1e6), tokens)
def test_without_a_cache_every_saving_pays(carried: float, rewritten: int) -> None:
    """Nothing is lost where nothing is kept."""
    assert pays_to_rewrite(NO_CACHE, carried, rewritten) == (carried > 0)


@given(st.integers(1, 500), st.integers(1, 2000), st.integers(0, 20_000), st.sampled_from([OPENAI, ANTHROPIC]))
def test_never_more_than_twice_the_best_in_hindsight(turns: int, excess: int, behind: int, costs: CacheCosts) -> None:
    """Whenever the conversation ends: carrying, then breaking, costs at most twice carrying to the end or breaking at once."""
    best = min(costs.carrying(excess, turns), costs.rewriting(behind))
    carried = paid = 0.0
    for _ in range(turns):
        if pays_to_rewrite(costs, carried, behind):
            paid = costs.rewriting(behind)
            break
        carried += costs.carrying(excess, 1)
    assert carried + paid <= 2 * best + costs.carrying(excess, 1) + 1e-6


@given(tokens, tokens, tokens, st.integers(0, 500), st.sampled_from([OPENAI, ANTHROPIC]))
def test_sending_whole_needs_a_reason(supplied: int, whole: int, behind: int, turns: int, costs: CacheCosts) -> None:
    """A text is sent whole only where that is fewer tokens than what would be supplied of it."""
    if pays_to_send_whole(costs, supplied, whole, behind, turns):
        assert whole < supplied
