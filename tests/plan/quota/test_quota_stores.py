"""What every store of quotas does: the same requests get the same answers, whoever keeps count."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sparing.plan.quota.clock import Clock
from sparing.plan.quota.memory import MemoryQuota
from sparing.plan.quota.sqlite import SqliteQuota
from sparing.plan.quota.store import NUSD, Ask, Bounds, Granted, QuotaStore, Refused, Scope

START_S = 1_790_000_000.25  # 2026-09-21, in the afternoon (UTC)
ACME = Scope("tenant acme", Bounds(tokens_per_minute=1000))


class FakeTime:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.s = START_S

    def __call__(self) -> float:
        return self.s

    def clock(self) -> Clock:
        return Clock(wall=self, steady=lambda: self.s)


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path, time: FakeTime) -> Iterator[QuotaStore]:
    made = MemoryQuota(time) if request.param == "memory" else SqliteQuota(tmp_path / "q.sqlite", clock=time.clock())
    yield made
    made.close()


def granted(store: QuotaStore, ask: Ask, *scopes: Scope) -> Granted:
    result = store.reserve(scopes or (ACME,), ask)
    assert isinstance(result, Granted)
    return result


def refused(store: QuotaStore, ask: Ask, *scopes: Scope) -> Refused:
    result = store.reserve(scopes or (ACME,), ask)
    assert isinstance(result, Refused)
    return result


def test_a_limit_is_used_to_its_last_token(store: QuotaStore) -> None:
    """All of it may be used, and not one token more."""
    granted(store, Ask(tokens=400))
    granted(store, Ask(tokens=600))
    assert refused(store, Ask(tokens=1)).limit == "tokens per minute of tenant acme"


def test_a_refusal_says_truthfully_when_to_come_again(store: QuotaStore, time: FakeTime) -> None:
    """After that time the same request is let through; a second earlier it is not."""
    granted(store, Ask(tokens=300))
    time.s += 20
    granted(store, Ask(tokens=600))
    wait_s = math.ceil(refused(store, Ask(tokens=200)).wait_s or 0)
    time.s += wait_s - 1
    again = refused(store, Ask(tokens=200))
    assert again.wait_s is not None
    assert 0 < again.wait_s <= 1
    time.s += 1
    granted(store, Ask(tokens=200))


@pytest.mark.parametrize(
    ("bounds", "ask", "limit"),
    [
        (Bounds(tokens_per_minute=10), Ask(tokens=10), "tokens per minute"),
        (Bounds(requests_per_minute=1), Ask(), "requests per minute"),
        (Bounds(nusd_per_day=5), Ask(nusd=5), "money per day"),
        (Bounds(nusd_per_month=5), Ask(nusd=5), "money per month"),
    ],
)
def test_every_limit_holds_until_it_says(
    store: QuotaStore, time: FakeTime, bounds: Bounds, ask: Ask, limit: str
) -> None:
    """Each kind of limit names itself, and its time is true to the second."""
    scope = Scope("key acme/web/alice", bounds)
    granted(store, ask, scope)
    told = refused(store, ask, scope)
    assert told.limit == f"{limit} of key acme/web/alice"
    assert told.wait_s is not None
    time.s += math.ceil(told.wait_s) - 1
    refused(store, ask, scope)
    time.s += 1
    granted(store, ask, scope)


def test_money_ends_with_the_day_and_the_month(store: QuotaStore, time: FakeTime) -> None:
    """A day ends at midnight UTC, a month with its last day."""
    scope = Scope("policy support", Bounds(nusd_per_day=NUSD, nusd_per_month=NUSD * 2))
    for _ in range(2):
        granted(store, Ask(nusd=NUSD), scope)
        time.s += 86_400
    told = refused(store, Ask(nusd=1), scope)
    assert told.limit == "money per month of policy support"
    time.s += told.wait_s or 0
    assert (time.s + 1) % 86_400 < 2  # 1 October, 0:00
    granted(store, Ask(nusd=NUSD), scope)


def test_open_requests_are_limited(store: QuotaStore) -> None:
    """One that ends makes room for another."""
    scope = Scope("tenant acme", Bounds(streams=2))
    first = granted(store, Ask(), scope)
    granted(store, Ask(), scope)
    assert refused(store, Ask(), scope).limit == "open requests of tenant acme"
    store.settle(first.reservation, 0, 0)
    granted(store, Ask(), scope)


def test_what_can_never_fit_is_told_so(store: QuotaStore) -> None:
    """No time is named for a request that is larger than the limit."""
    assert refused(store, Ask(tokens=1001)).wait_s is None
    assert refused(store, Ask(nusd=6), Scope("tenant a", Bounds(nusd_per_month=5))).wait_s is None


def test_settling_puts_the_truth_in_place(store: QuotaStore) -> None:
    """What was set aside and not used is there again at once; what was used beyond it counts."""
    store.settle(granted(store, Ask(tokens=900)).reservation, 100, 0)
    second = granted(store, Ask(tokens=900))
    refused(store, Ask(tokens=1))
    store.settle(second.reservation, 1500, 0)
    refused(store, Ask(tokens=1))


def test_settling_twice_changes_nothing(store: QuotaStore) -> None:
    """Nothing is given back that was given back before."""
    held = granted(store, Ask(tokens=500)).reservation
    store.settle(held, 0, 0)
    store.settle(held, 0, 0)
    granted(store, Ask(tokens=1000))
    refused(store, Ask(tokens=1))


def test_what_is_set_aside_for_long_is_not_given_back_twice(store: QuotaStore, time: FakeTime) -> None:
    """A minute later it has been given back already."""
    held = granted(store, Ask(tokens=1000)).reservation
    time.s += 61
    granted(store, Ask(tokens=1000))
    store.settle(held, 10, 0)
    refused(store, Ask(tokens=1))


def test_all_scopes_or_none(store: QuotaStore) -> None:
    """A key that has its quota left takes nothing from it when its tenant has none."""
    key = Scope("key acme/web/alice", Bounds(tokens_per_minute=100))
    small = Scope("tenant small", Bounds(tokens_per_minute=50))
    refused(store, Ask(tokens=60), key, small)
    granted(store, Ask(tokens=100), key)


def test_pressure_is_the_share_of_the_nearest_limit(store: QuotaStore) -> None:
    """This request included; requests per minute do not press, since a smaller request is still one."""
    scopes = (Scope("tenant a", Bounds(tokens_per_minute=1000, requests_per_minute=1)), Scope("key a/b", Bounds()))
    assert store.pressure(scopes, Ask()).share == 0
    granted(store, Ask(tokens=700), *scopes)
    told = store.pressure(scopes, Ask(tokens=100))
    assert (told.share, told.limit) == (0.8, "tokens per minute of tenant a")
    assert store.pressure(scopes, Ask(tokens=100)) == told


def test_levels_are_those_of_the_tightest_limit(store: QuotaStore, time: FakeTime) -> None:
    """What is left, and until when none of it is used."""
    wide = Scope("tenant a", Bounds(tokens_per_minute=1000, requests_per_minute=9))
    levels = granted(store, Ask(tokens=300), wide, Scope("key a/b", Bounds(tokens_per_minute=400))).levels
    assert levels.tokens is not None
    assert levels.requests is not None
    assert (levels.tokens.limit, levels.tokens.remaining, levels.requests.remaining) == (400, 100, 8)
    time.s += levels.tokens.reset_s
    assert store.pressure((wide,), Ask()).share == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 40), st.integers(1, 120), st.none() | st.integers(0, 120)), min_size=1, max_size=40)
)
def test_no_minute_holds_more_than_the_limit(requests: list[tuple[float, int, int | None]]) -> None:
    """Wherever the minute begins: the sum of what was let through, less what was given back, stays within it."""
    time = FakeTime()
    store = MemoryQuota(time)
    scope = Scope("tenant a", Bounds(tokens_per_minute=200))
    used: list[tuple[float, int]] = []
    for pause_s, tokens, really in requests:
        time.s += pause_s
        result = store.reserve((scope,), Ask(tokens=tokens))
        if isinstance(result, Granted):
            kept = tokens if really is None else min(really, tokens)
            store.settle(result.reservation, kept, 0)
            used.append((time.s, kept))
    for end_s, _ in used:
        assert sum(tokens for at_s, tokens in used if end_s - 60 < at_s <= end_s) <= 200


def race(store: QuotaStore, workers: int) -> int:
    """Tokens that racing threads were let to use."""
    scope, barrier, sums = Scope("tenant a", Bounds(tokens_per_minute=1000)), threading.Barrier(workers), []

    def work() -> None:
        barrier.wait()
        asks = (store.reserve((scope,), Ask(tokens=7)) for _ in range(20))
        sums.append(sum(7 for result in asks if isinstance(result, Granted)))

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(sums)


def test_64_racing_threads_use_what_is_there_and_no_more(store: QuotaStore) -> None:
    """Not one token more than the limit, and nothing of it is left that would have fitted."""
    assert race(store, 64) == 1000 - 1000 % 7


def test_counts_that_say_nothing_are_forgotten(time: FakeTime) -> None:
    """Memory holds those who asked in the last minute, not everyone who ever did."""
    store = MemoryQuota(time)
    for number in range(2000):
        time.s += 0.5
        held = granted(store, Ask(tokens=1), Scope(f"key {number}", Bounds(tokens_per_minute=10)))
        store.settle(held.reservation, 1, 0)
    assert store.num_held < 200


def test_forgetting_loses_nothing(time: FakeTime) -> None:
    """What still counts is there after any number of others."""
    store = MemoryQuota(time)
    poor = Scope("tenant poor", Bounds(nusd_per_month=5))
    granted(store, Ask(nusd=5), poor)
    for number in range(500):
        time.s += 10
        other = granted(store, Ask(), Scope(f"key {number}", Bounds(requests_per_minute=10)))
        store.settle(other.reservation, 0, 0)
    refused(store, Ask(nusd=1), poor)
