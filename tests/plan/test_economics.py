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
    """1,000 tokens saved in 1 + 10 turns at 0.1 are 1,100; writing 700 again costs 805, a quarter more 1,006."""
    assert pays_to_rewrite(ANTHROPIC, 1000, 700, 10)
    assert not pays_to_rewrite(ANTHROPIC, 1000, 800, 10)


@given(tokens, tokens, st.integers(0, 500))
def test_without_a_cache_every_saving_pays(saved: int, rewritten: int, turns: int) -> None:
    """Nothing is lost where nothing is kept."""
    assert pays_to_rewrite(NO_CACHE, saved, rewritten, turns) == (saved > 0)


@given(tokens, tokens, st.integers(0, 500), st.sampled_from([OPENAI, ANTHROPIC]))
def test_longer_conversations_pay_sooner(saved: int, rewritten: int, turns: int, costs: CacheCosts) -> None:
    """What pays after n turns pays after n + 1, and with less to write again."""
    if pays_to_rewrite(costs, saved, rewritten, turns):
        assert pays_to_rewrite(costs, saved, rewritten, turns + 1)
        assert pays_to_rewrite(costs, saved, rewritten // 2, turns)


@given(tokens, tokens, tokens, st.integers(0, 500), st.sampled_from([OPENAI, ANTHROPIC]))
def test_sending_whole_needs_a_reason(supplied: int, whole: int, behind: int, turns: int, costs: CacheCosts) -> None:
    """A text is sent whole only where that is fewer tokens than what would be supplied of it."""
    if pays_to_send_whole(costs, supplied, whole, behind, turns):
        assert whole < supplied
