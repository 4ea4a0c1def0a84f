"""Requests come as each load says, in order and on average as many."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from sparing.errors import SettingsError
from sparing.evals.load import loads
from sparing.evals.load.arrivals import burst, diurnal, poisson, recorded
from sparing.evals.simulate.arrivals import Arrival

Shape = Callable[[float, float, random.Random], list[float]]


def between(at_s: list[float], first_s: float, last_s: float) -> int:
    return sum(first_s <= one < last_s for one in at_s)


@pytest.mark.parametrize("shape", [poisson, burst, diurnal])
def test_as_many_come_as_asked_for(shape: Shape) -> None:
    """On average over the whole time, whatever the shape."""
    at_s = shape(50.0, 100.0, random.Random(3))
    assert at_s == sorted(at_s)
    assert 0 <= at_s[0] <= at_s[-1] < 100
    assert len(at_s) == pytest.approx(5000, rel=0.05)


def test_a_burst_is_tenfold_and_a_day_has_a_peak() -> None:
    """Per second, inside against outside."""
    tenfold = burst(50.0, 100.0, random.Random(3))
    assert between(tenfold, 40, 60) / 20 == pytest.approx(10 * between(tenfold, 0, 40) / 40, rel=0.2)
    day = diurnal(50.0, 100.0, random.Random(3))
    assert between(day, 40, 60) > 4 * between(day, 0, 20)


def test_a_trace_is_stretched_and_keeps_its_lengths() -> None:
    """The beginning of it, as long as asked for."""
    trace = [Arrival(10.0 + n * n, n, 2 * n) for n in range(100)]
    some = recorded(trace, 5.0, 10.0)
    assert [one.input_tokens for one in some] == list(range(50))
    assert (some[0].at_s, some[-1].at_s) == (0.0, pytest.approx(10.0))


def test_a_crowd_is_open_all_at_once(tmp_path: Path) -> None:
    """Before the first has ended all have come."""
    crowd = loads.make("crowd", tmp_path, most=400, lasts_s=30.0, seed=1)
    through = [due for due in crowd.dues if due.way == "gateway"]
    assert len(through) == 400
    ends_s = [due.at_s + due.ask.first_s + (due.ask.num_tokens - 1) * due.ask.gap_s for due in through]
    assert max(due.at_s for due in through) < min(ends_s)


def test_without_a_trace_it_says_where_to_get_one(tmp_path: Path) -> None:
    """And at most so many requests are made."""
    with pytest.raises(SettingsError, match="traces"):
        loads.make("trace", tmp_path, most=10, lasts_s=1.0, seed=0)
    assert len(loads.make("poisson", tmp_path, most=100, lasts_s=10.0, seed=0).dues) == pytest.approx(100, abs=40)
