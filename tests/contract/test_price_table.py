"""Every row of the price table that is shipped."""

from __future__ import annotations

from datetime import date

import pytest

from sparing.core.prices import CacheKind
from sparing.prices.lookup import matches, prices_for
from sparing.prices.table import Row, shipped_rows

ROWS = shipped_rows()
LOCAL = {"embedded", "ollama", "llama.cpp", "vllm", "sglang"}


def _name(row: Row) -> str:
    return f"{row.provider}-{row.models[0]}-{row.from_tokens}"


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_a_row_is_dated_and_says_where_it_is_from(row: Row) -> None:
    """A day of this table's time, a page of the provider's."""
    assert row.prices.as_of >= date(2026, 1, 1)
    assert row.prices.source.startswith("https://")


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_a_row_is_sane(row: Row) -> None:
    """Output costs no less than input, reading less than either, writing between input and three times that."""
    prices = row.prices
    assert 0 <= prices.cache_read_usd <= prices.input_usd <= prices.output_usd <= 1000
    writes = [usd for _, usd in prices.cache_write_usd]
    assert writes == sorted(writes)
    assert all(prices.input_usd < usd <= 3 * prices.input_usd for usd in writes)
    assert all(60 <= lifetime_s <= 86_400 for lifetime_s, _ in prices.cache_write_usd)


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_a_cache_is_cheaper_than_none(row: Row) -> None:
    """A paid model with a cache reads at most half price; one without reads at full price."""
    prices = row.prices
    if prices.cache is CacheKind.NONE:
        assert prices.cache_read_usd == prices.input_usd
        assert not prices.cache_write_usd
    else:
        assert prices.cache_read_usd <= prices.input_usd / 2
    if prices.cache is CacheKind.EXPLICIT:
        assert [lifetime_s for lifetime_s, _ in prices.cache_write_usd] == [300, 3600]
        assert prices.cache_min_tokens >= 512


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_a_row_is_found_by_its_own_names(row: Row) -> None:
    """Each name leads to this row, at a prompt of its length."""
    for model in row.models:
        assert prices_for(model, row.provider, prompt_tokens=row.from_tokens) == row.prices


def test_no_name_is_in_two_rows_of_one_length() -> None:
    """One family, one price."""
    seen = [(row.provider, model, row.from_tokens) for row in ROWS for model in row.models]
    assert len(seen) == len(set(seen))


def test_no_family_is_taken_for_another() -> None:
    """A name that is listed belongs to its own row only."""
    names = {(row.provider, model.replace(".", "-")) for row in ROWS for model in row.models if model != "*"}
    for provider, name in names:
        fitting = {family for other, family in names if other == provider and matches(family, name)}
        assert fitting == {name} or name == "gpt-4o-2024-05-13"


def test_a_long_prompt_costs_more() -> None:
    """A tier that begins later is dearer than the one before, in everything."""
    for row in ROWS:
        if row.from_tokens:
            short = prices_for(row.models[0], row.provider)
            assert short is not None
            assert row.prices.input_usd > short.input_usd
            assert row.prices.output_usd > short.output_usd
            assert row.prices.cache_read_usd > short.cache_read_usd


def test_engines_of_ones_own_are_free() -> None:
    """Zero for any model; nothing else is free."""
    assert {row.provider for row in ROWS if row.prices.input_usd == 0} == LOCAL
    assert {row.provider for row in ROWS if "*" in row.models} == LOCAL
