"""The ledger in money, on cases counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.core.prices import CacheKind, Prices
from sparing.core.upstream import Spent
from sparing.core.usage import Usage
from sparing.record.interval import total_interval
from sparing.record.money import MIN_REQUESTS, Bill, Charge, ledger, net, price

DAY = date(2026, 1, 1)
# USD per million tokens: 2 for input, 0.2 read from the cache, 2.5 or 4 written to it, 10 for output.
CACHED = Prices(2.0, 10.0, 0.2, ((300, 2.5), (3600, 4.0)), CacheKind.EXPLICIT, 1000, 1, DAY, "a test")
LONG = Prices(4.0, 20.0, 0.4, ((300, 5.0), (3600, 8.0)), CacheKind.EXPLICIT, 1000, 1, DAY, "a test")
PLAIN = Prices(2.0, 10.0, 2.0, (), CacheKind.NONE, 0, 1, DAY, "a test")


def find(model: str, _provider: str, prompt_tokens: int) -> Prices | None:
    return {"plain": PLAIN, "cached": LONG if prompt_tokens > 200_000 else CACHED}.get(model)


def charge(**changes: object) -> Charge:
    """100,000 tokens came, 60,000 went out and were billed, none of them cached."""
    made = Charge("", "cached", "", "on", Usage(60_000, 1_000, 0), 100_000, 60_000)
    return replace(made, **changes)  # type: ignore[arg-type]


def saved_usd(one: Charge) -> float:
    bill = price(one, find)
    assert bill is not None
    return bill.saved_usd


def test_without_a_cache_what_was_left_out_is_saved_at_the_price_of_input() -> None:
    """40,000 tokens at 2 USD a million."""
    assert price(charge(model="plain"), find) == Bill(pytest.approx(0.13), pytest.approx(0.21))
    assert saved_usd(charge()) == pytest.approx(0.08)


def test_what_the_provider_caches_anyway_is_not_ours() -> None:
    """Nine tenths of the prompt were read from the cache, so nine tenths of what was left out would have been."""
    read = charge(usage=Usage(60_000, 1_000, 54_000))
    assert saved_usd(read) == pytest.approx(0.9 * 40_000 * 0.2e-6 + 0.1 * 40_000 * 2e-6)
    all_read = charge(usage=Usage(60_000, 1_000, 60_000))
    assert saved_usd(all_read) == pytest.approx(40_000 * 0.2e-6)


def test_writes_are_paid_in_both_cases() -> None:
    """What was left out would have been written as well, at more than input costs; that is not claimed."""
    written = charge(usage=Usage(60_000, 1_000, 0, ((300, 50_000), (3600, 10_000))))
    bill = price(written, find)
    assert bill is not None
    assert bill.paid_usd == pytest.approx(50_000 * 2.5e-6 + 10_000 * 4e-6 + 0.01)
    assert bill.saved_usd == pytest.approx(0.08)


def test_the_providers_count_is_the_one_that_is_billed() -> None:
    """It counts 10 % less than we do: so much less was left out. It counts more: ours is taken."""
    assert saved_usd(charge(usage=Usage(54_000, 0, 0))) == pytest.approx(0.9 * 0.08)
    assert saved_usd(charge(usage=Usage(90_000, 0, 0))) == pytest.approx(0.08)


def test_what_our_own_breakpoints_bring_and_cost_is_ours() -> None:
    """Without them nothing would have been read or written: 100,000 tokens at the price of input."""
    read = charge(cache_marks=3, usage=Usage(60_000, 1_000, 50_000, ((300, 10_000),)))
    bill = price(read, find)
    assert bill is not None
    assert bill.paid_usd == pytest.approx(50_000 * 0.2e-6 + 10_000 * 2.5e-6 + 0.01)
    assert bill.without_usd == pytest.approx(100_000 * 2e-6 + 0.01)
    assert bill.by_marks_usd == pytest.approx(50_000 * 1.8e-6 - 10_000 * 0.5e-6)
    assert bill.saved_usd == pytest.approx(40_000 * 2e-6 + bill.by_marks_usd)


def test_breakpoints_that_are_never_read_are_a_loss() -> None:
    """Writing costs a quarter more than input; a request that nothing follows pays that for nothing."""
    lost = charge(tokens_after=100_000, cache_marks=1, usage=Usage(100_000, 1_000, 0, ((300, 100_000),)))
    assert saved_usd(lost) == pytest.approx(-100_000 * 0.5e-6)
    assert price(replace(lost, cache_marks=0), find).saved_usd == 0  # type: ignore[union-attr]  # the caller's own


def test_a_cache_that_we_broke_is_not_claimed() -> None:
    """50,000 tokens were written again because an earlier turn was changed; untouched they would have been read."""
    broken = charge(usage=Usage(60_000, 1_000, 5_000, ((300, 55_000),)), rewritten_tokens=50_000)
    bill = price(broken, find)
    assert bill is not None
    assert bill.paid_usd == pytest.approx(5_000 * 0.2e-6 + 55_000 * 2.5e-6 + 0.01)
    untouched = 55_000 * 0.2e-6 + 5_000 * 2.5e-6 + 0.01
    left_out = 40_000 * (55 / 60 * 0.2e-6 + 5 / 60 * 2e-6)
    assert bill.without_usd == pytest.approx(untouched + left_out)
    assert bill.saved_usd < 0
    assert saved_usd(replace(broken, rewritten_tokens=0)) > 0
    assert saved_usd(replace(broken, rewritten_tokens=99_999)) == pytest.approx(
        60_000 * 0.2e-6 + 40_000 * 0.2e-6 - 5_000 * 0.2e-6 - 55_000 * 2.5e-6
    )


def test_a_recall_is_debited_with_its_whole_turn() -> None:
    """The prompt was sent twice, the second time from the cache with 5,000 tokens recalled. Without: once."""
    twice = charge(
        usage=Usage(125_000, 1_000, 60_000), recalled_tokens=5_000, extra_turns=1, tokens_before=64_000
    )  # fmt: skip
    bill = price(twice, find)
    assert bill is not None
    assert bill.paid_usd == pytest.approx(65_000 * 2e-6 + 60_000 * 0.2e-6 + 0.01)
    once = 60_000 * 0.52 * 2e-6 + 60_000 * 0.48 * 0.2e-6 + 0.01  # 48 % of all that was sent was read
    left_out = 4_000 * (0.48 * 0.2e-6 + 0.52 * 2e-6)
    assert bill.without_usd == pytest.approx(once + left_out)
    assert bill.saved_usd < 0


def test_an_audit_saves_nothing() -> None:
    """The original went out; what could have been left out is only possible."""
    audit = price(charge(mode="audit", usage=Usage(100_000, 1_000, 50_000)), find)
    assert audit is not None
    assert audit.saved_usd == 0
    assert audit.possible_usd == pytest.approx(40_000 * (0.5 * 0.2e-6 + 0.5 * 2e-6))


def test_a_prompt_that_became_too_short_to_be_cached_saves_at_the_price_of_reads() -> None:
    """1,500 tokens might have been read from the cache; 900 cannot be."""
    short = charge(tokens_before=1_500, tokens_after=900, usage=Usage(900, 10, 0))
    assert saved_usd(short) == pytest.approx(600 * 0.2e-6)
    assert saved_usd(replace(short, model="plain")) == pytest.approx(600 * 2e-6)


def test_a_prompt_that_was_kept_below_a_dearer_tier_saves_that_too() -> None:
    """Above 200,000 tokens everything costs twice as much, the answer as well."""
    long = charge(tokens_before=250_000, tokens_after=100_000, usage=Usage(100_000, 1_000, 0))
    assert saved_usd(long) == pytest.approx(250_000 * 4e-6 + 1_000 * 20e-6 - 100_000 * 2e-6 - 1_000 * 10e-6)


def test_what_was_sent_as_it_came_saves_nothing() -> None:
    """Nothing left out, nothing claimed."""
    assert saved_usd(charge(tokens_after=100_000, usage=Usage(100_000, 5, 0))) == 0


@pytest.mark.parametrize(
    "usage", [Usage(), Usage(10, -1, 0), Usage(-1, 10, 0), Usage(0, 10, 0), Usage(10, 10)], ids=repr
)
def test_what_was_not_reported_is_not_priced(usage: Usage) -> None:
    """Also where the provider has a cache and does not say how much was read from it."""
    assert price(charge(usage=usage), find) is None
    summed = net("", [charge(usage=usage)], find)
    assert (summed.num, summed.num_no_usage, summed.num_no_price, summed.num_priced) == (1, 1, 0, 0)


def test_where_reading_costs_what_input_costs_reads_need_not_be_reported() -> None:
    """It makes no difference to the bill."""
    assert price(charge(model="plain", usage=Usage(60_000, 1_000)), find) is not None


def test_a_model_without_prices_is_counted_only() -> None:
    """And said so."""
    summed = net("", [charge(model="unknown")] * 30, find)
    assert (summed.num, summed.num_no_price, summed.num_priced, summed.paid_usd) == (30, 30, 0, None)


def test_no_money_is_named_below_the_floor() -> None:
    """Nineteen requests say nothing; twenty do. Audits do not count towards what was saved."""
    few = net("", [charge()] * (MIN_REQUESTS - 1), find)
    assert (few.paid_usd, few.without_usd, few.saved, few.possible_usd) == (None, None, None, None)
    enough = net("", [charge()] * MIN_REQUESTS, find)
    assert enough.saved is not None
    assert enough.saved.total == pytest.approx(20 * 0.08)
    assert enough.possible_usd is None
    mixed = net("", [charge()] * 19 + [charge(mode="audit")] * 20, find)
    assert mixed.saved is None
    assert mixed.paid_usd is not None
    assert mixed.possible_usd is not None


def test_rows_add_up_to_the_total() -> None:
    """Whatever they are summed by."""
    charges = [charge(key=str(number % 2), tokens_after=60_000 + number, usage=Usage(60_000 + number, number, number)) for number in range(60)]  # fmt: skip
    rows, total = ledger(charges, find), net("", charges, find)
    assert [row.key for row in rows] == ["0", "1"]
    assert sum(row.num for row in rows) == total.num == 60
    assert sum(row.paid_usd or 0 for row in rows) == pytest.approx(total.paid_usd)
    assert sum(row.saved.total for row in rows if row.saved) == pytest.approx(total.saved.total if total.saved else 0)


@given(
    st.integers(1, 500_000), st.integers(0, 400_000), st.integers(0, 50_000), st.floats(0, 1), st.floats(0, 1),
    st.sampled_from(["on", "audit"]), st.sampled_from(["plain", "cached"]),
)  # fmt: skip
def test_never_more_is_claimed_than_input_costs(
    sent: int, left_out: int, output: int, read: float, written: float, mode: str, model: str
) -> None:
    """Within a tier of prices: between nothing and every token left out at the price of input."""
    total = sent + (left_out if mode == "audit" else 0)
    reads = int(total * read)
    usage = Usage(total, output, reads, ((300, int((total - reads) * written)),))
    one = charge(model=model, mode=mode, tokens_before=sent + left_out, tokens_after=sent, usage=usage)
    bill = price(one, find)
    assert bill is not None
    claimed = bill.saved_usd + bill.possible_usd
    assert claimed >= -1e-9
    if sent + left_out <= 200_000:
        assert claimed <= left_out * 2e-6 + 1e-9


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=300))
def test_an_interval_holds_its_total_and_is_the_same_every_time(values: list[float]) -> None:
    """Seeded, ordered, and within what the values allow."""
    one = total_interval(values)
    assert one == total_interval(values)
    assert one.low <= one.high
    assert one.total == pytest.approx(sum(values))


def test_an_interval_covers_what_it_says() -> None:
    """Of 200 samples of known mean about 95 % have it within (blocks make it a little narrower)."""
    import random

    rng = random.Random(7)
    covered = 0
    for _ in range(200):
        values = [rng.expovariate(1.0) for _ in range(200)]
        found = total_interval(values)
        covered += found.low <= 200 <= found.high
    assert 0.88 * 200 <= covered <= 200


def test_an_answer_that_was_not_good_enough_is_paid_for() -> None:
    """It is in the bill, and not in what the request would have cost; without its price there is no bill."""
    usage = Usage(10_000, 100, 0)
    one = Charge("", "plain", "", "on", usage, 10_000, 10_000)
    alone = price(one, find)
    tried = price(replace(one, spent=(Spent("plain", "", usage),)), find)
    assert alone is not None
    assert tried is not None
    assert tried.paid_usd == pytest.approx(2 * alone.paid_usd)
    assert tried.without_usd == pytest.approx(alone.without_usd)
    assert price(replace(one, spent=(Spent("unknown", "", usage),)), find) is None
    assert price(replace(one, spent=(Spent("plain", "", Usage()),)), find) is None
