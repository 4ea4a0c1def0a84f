"""Not asking an upstream that keeps failing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import EVENTS, Clock, Said, Scripted, call, gone, read

from sparing.errors import UpstreamResting, UpstreamUnreachable
from sparing.generate.breaker import Breaker, Guarded, Limits

LIMITS = Limits(failures=0.5, least=4, window_s=30.0, open_s=15.0)


def fail(breaker: Breaker, num: int = 1) -> None:
    for _ in range(num):
        ticket = breaker.admit()
        assert ticket is not None
        breaker.done(ticket, failed=True)


def test_it_opens_at_the_share_and_not_before() -> None:
    """Few outcomes say nothing; half of enough says stop."""
    breaker = Breaker(LIMITS, Clock())
    fail(breaker, 3)
    assert breaker.state == "closed"
    fail(breaker)
    assert breaker.state == "open"
    assert breaker.admit() is None


def test_a_healthy_upstream_may_fail_now_and_then() -> None:
    """Below the share it stays closed, however many failures there were."""
    breaker = Breaker(LIMITS, Clock())
    for turn in range(300):
        ticket = breaker.admit()
        assert ticket is not None
        breaker.done(ticket, failed=turn % 3 == 2)
    assert breaker.state == "closed"


def test_old_failures_are_forgotten() -> None:
    """Only the window counts."""
    clock = Clock()
    breaker = Breaker(LIMITS, clock)
    fail(breaker, 3)
    clock.now_s += 31
    fail(breaker, 3)
    assert breaker.state == "closed"


def test_one_call_tries_whether_it_is_well_again() -> None:
    """The others wait until that one is back."""
    clock = Clock()
    breaker = Breaker(LIMITS, clock)
    fail(breaker, 4)
    clock.now_s += 15
    assert breaker.state == "half open"
    probe = breaker.admit()
    assert probe is not None
    assert breaker.admit() is None
    breaker.done(probe, failed=False)
    assert breaker.state == "closed"
    fail(breaker, 3)
    assert breaker.state == "closed"  # it starts with a clean slate


def test_a_probe_that_fails_opens_it_again() -> None:
    """For as long as before."""
    clock = Clock()
    breaker = Breaker(LIMITS, clock)
    fail(breaker, 4)
    clock.now_s += 15
    fail(breaker)
    assert breaker.state == "open"
    assert breaker.wait_s() == 15


def test_a_probe_that_is_given_up_leaves_room_for_another() -> None:
    """Its caller hung up: nothing is known."""
    clock = Clock()
    breaker = Breaker(LIMITS, clock)
    fail(breaker, 4)
    clock.now_s += 15
    probe = breaker.admit()
    assert probe is not None
    breaker.done(probe, failed=None)
    assert breaker.admit() is not None


def test_outcomes_from_before_a_change_say_nothing() -> None:
    """A call that was sent while all was well must not close a breaker that has opened since."""
    clock = Clock()
    breaker = Breaker(LIMITS, clock)
    old = breaker.admit()
    assert old is not None
    fail(breaker, 4)
    breaker.done(old, failed=False)
    assert breaker.state == "open"


@given(st.lists(st.floats(-1000, 1000), max_size=8))
def test_a_clock_that_jumps_cannot_keep_it_shut(jumps: list[float]) -> None:
    """After its time has passed on whatever the clock says by then, it lets a call try."""
    clock = Clock()
    breaker = Breaker(LIMITS, clock)
    fail(breaker, 4)
    for jump in jumps:
        clock.now_s += jump
        assert breaker.wait_s() <= 15
    clock.now_s += breaker.wait_s() + 1000 * 9
    assert breaker.admit() is not None


async def test_an_open_breaker_says_when_to_ask_again() -> None:
    """The upstream is left alone."""
    upstream = Scripted([gone()])
    guarded = Guarded(upstream, Breaker(LIMITS, Clock()), "large")
    for _ in range(4):
        with pytest.raises(UpstreamUnreachable):
            await guarded.send(call())
    with pytest.raises(UpstreamResting, match="large failed too often") as caught:
        await guarded.send(call())
    assert caught.value.retry_after_s == 15
    assert len(upstream.calls) == 4


async def test_what_counts_as_a_failure() -> None:
    """Breaking off half way does; a refusal, too many requests and a caller that hangs up do not."""
    broken = Said(200, EVENTS, (b"data: 1\n\n", gone()))
    breaker = Breaker(Limits(failures=1.0, least=1), Clock())
    for answer in (Said(429), Said(400), Said(200)):
        await read(await Guarded(Scripted([answer]), breaker, "x").send(call()))
        assert breaker.state == "closed"
    left = await Guarded(Scripted([broken]), breaker, "x").send(call())
    await left.aclose()
    assert breaker.state == "closed"
    breaker = Breaker(Limits(failures=1.0, least=1), Clock())
    with pytest.raises(UpstreamUnreachable):
        await read(await Guarded(Scripted([broken]), breaker, "x").send(call()))
    assert breaker.state == "open"


async def test_an_answer_that_has_begun_closes_it() -> None:
    """Nobody waits for the end of a long stream to learn that the upstream is well again."""
    clock = Clock()
    breaker = Breaker(LIMITS, clock)
    fail(breaker, 4)
    clock.now_s += 15
    await Guarded(Scripted([Said()]), breaker, "x").send(call())
    assert breaker.state == "closed"
