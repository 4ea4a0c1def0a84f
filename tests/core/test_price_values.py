"""What a usage costs."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.core.prices import CacheKind, Prices
from sparing.core.usage import Usage

SONNET = Prices(
    input_usd=3.0,
    output_usd=15.0,
    cache_read_usd=0.3,
    cache_write_usd=((300, 3.75), (3600, 6.0)),
    cache=CacheKind.EXPLICIT,
    cache_min_tokens=1024,
    cache_block_tokens=1,
    as_of=date(2026, 1, 1),
    source="a test",
)
AUTOMATIC = Prices(2.0, 8.0, 0.5, (), CacheKind.AUTOMATIC, 1024, 128, date(2026, 1, 1), "a test")
FREE = Prices(0.0, 0.0, 0.0, (), CacheKind.AUTOMATIC, 0, 16, date(2026, 1, 1), "a test")

tokens = st.integers(0, 10_000_000)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    """A usage whose parts add up."""
    read, short, long, neither = (draw(tokens) for _ in range(4))
    writes = tuple(pair for pair in ((300, short), (3600, long)) if pair[1])
    return Usage(read + short + long + neither, draw(tokens), read, writes)


def test_each_part_of_a_usage_has_its_price() -> None:
    """A hundred thousand tokens: most read, some written for each lifetime, the rest neither."""
    usage = Usage(100_000, 1_000, 80_000, ((300, 10_000), (3600, 5_000)))
    assert SONNET.input_cost_usd(usage) == pytest.approx(0.024 + 0.0375 + 0.03 + 0.015)
    assert SONNET.cost_usd(usage) == pytest.approx(0.1065 + 0.015)


def test_writing_costs_what_input_costs_unless_the_provider_says_otherwise() -> None:
    """OpenAI bills no writes."""
    assert AUTOMATIC.write_usd() == AUTOMATIC.write_usd(3600) == 2.0


@pytest.mark.parametrize(("lifetime_s", "usd"), [(1, 3.75), (300, 3.75), (301, 6.0), (3600, 6.0), (86_400, 6.0)])
def test_a_lifetime_is_billed_as_the_next_longer_one(lifetime_s: int, usd: float) -> None:
    """And what lasts longer than any as the longest."""
    assert SONNET.write_usd(lifetime_s) == usd


@pytest.mark.parametrize(("prefix", "cached"), [(0, 0), (1023, 0), (1024, 1024), (1151, 1024), (1152, 1152)])
def test_prefixes_are_cached_in_whole_blocks(prefix: int, cached: int) -> None:
    """OpenAI: from 1,024 tokens, in steps of 128."""
    assert AUTOMATIC.cached_tokens(prefix) == cached


def test_without_a_cache_nothing_is_cached() -> None:
    """However long the prefix."""
    none = Prices(1.0, 2.0, 1.0, (), CacheKind.NONE, 0, 1, date(2026, 1, 1), "a test")
    assert none.cached_tokens(1_000_000) == 0


@given(usages())
def test_a_prompt_costs_between_all_read_and_all_written_for_long(usage: Usage) -> None:
    """No usage is cheaper than the cheapest way to read it, or dearer than the dearest."""
    cost = SONNET.input_cost_usd(usage)
    assert usage.input_tokens * 0.3 / 1e6 - 1e-9 <= cost <= usage.input_tokens * 6.0 / 1e6 + 1e-9


@given(usages(), usages())
def test_the_cost_of_two_usages_is_the_cost_of_their_sum(a: Usage, b: Usage) -> None:
    """Prices are per token."""
    together = Usage(
        a.input_tokens + b.input_tokens,
        a.output_tokens + b.output_tokens,
        a.cache_read_tokens + b.cache_read_tokens,
        a.cache_writes + b.cache_writes,
    )
    assert SONNET.cost_usd(together) == pytest.approx(SONNET.cost_usd(a) + SONNET.cost_usd(b))


@given(usages())
def test_what_is_free_costs_nothing(usage: Usage) -> None:
    """A local engine."""
    assert FREE.cost_usd(usage) == 0.0


@given(st.integers(0, 500_000))
def test_no_more_is_cached_than_there_is(prefix: int) -> None:
    """Whole blocks of the prefix, never beyond it."""
    cached = AUTOMATIC.cached_tokens(prefix)
    assert 0 <= cached <= prefix
    assert cached % 128 == 0


def test_what_the_provider_did_not_say_is_not_billed() -> None:
    """An empty usage costs nothing."""
    assert SONNET.cost_usd(Usage()) == 0.0
