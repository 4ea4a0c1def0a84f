"""Quotas in one file: racing processes, processes that are killed, clocks that jump."""

from __future__ import annotations

import multiprocessing
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sparing.errors import QuotaUnavailable
from sparing.plan.quota.clock import Clock
from sparing.plan.quota.sqlite import SqliteQuota
from sparing.plan.quota.store import Ask, Bounds, Granted, Refused, Scope

ACME = Scope("tenant acme", Bounds(tokens_per_minute=10_000))
_SPAWN = multiprocessing.get_context("fork")


class FakeTime:
    """A wall clock and a steady one that a test moves apart."""

    def __init__(self, s: float = 1_790_000_000.0) -> None:
        self.wall_s = s
        self.steady_s = 0.0

    def clock(self) -> Clock:
        return Clock(wall=lambda: self.wall_s, steady=lambda: self.steady_s)

    def passes(self, s: float) -> None:
        self.wall_s += s
        self.steady_s += s


def race(path: Path, start: Callable[[], None], tokens: int, say: Callable[[int], None]) -> None:
    """Ask for more than there is; say how much was let through."""
    store = SqliteQuota(path)
    start()
    asked = [store.reserve((ACME,), Ask(tokens, 0, tokens)) for _ in range(20)]
    say(sum(tokens for result in asked if isinstance(result, Granted)))
    store.close()


def test_64_racing_processes_use_no_token_too_many(tmp_path: Path) -> None:
    """Of odd sizes, together for more than the limit; what is left is less than the largest of them."""
    path = tmp_path / "q.sqlite"
    SqliteQuota(path).close()
    barrier, results = _SPAWN.Barrier(64), _SPAWN.Queue()
    workers = [_SPAWN.Process(target=race, args=(path, barrier.wait, 11 + number, results.put)) for number in range(64)]
    for worker in workers:
        worker.start()
    used = sum(results.get(timeout=120) for _ in workers)
    for worker in workers:
        worker.join(60)
    assert 10_000 - 74 < used <= 10_000


_HOLDER = """
import sys, time
from pathlib import Path
from sparing.plan.quota.sqlite import SqliteQuota
from sparing.plan.quota.store import Ask, Bounds, Scope
store = SqliteQuota(Path(sys.argv[1]), lease_s=4)
bounds = Bounds(tokens_per_minute=1000, streams=1, nusd_per_day=100)
store.reserve((Scope("tenant acme", bounds),), Ask(tokens=900, nusd=90, sure_tokens=300, sure_nusd=30))
print("held", flush=True)
time.sleep(600)
"""


def test_a_killed_worker_gives_back_what_it_held(tmp_path: Path) -> None:
    """While it lives its request is open; once it has been silent for its lease only its prompt counts."""
    path = tmp_path / "q.sqlite"
    scope = (Scope("tenant acme", Bounds(tokens_per_minute=1000, streams=1, nusd_per_day=100)),)
    worker = subprocess.Popen([sys.executable, "-c", _HOLDER, str(path)], stdout=subprocess.PIPE)
    assert worker.stdout is not None
    with worker.stdout:
        assert worker.stdout.readline() == b"held\n"
        store = SqliteQuota(path, lease_s=4)
        time.sleep(6)  # more than its lease: it says that it is alive
        assert isinstance(store.reserve(scope, Ask()), Refused)
        worker.send_signal(signal.SIGKILL)
        worker.wait(30)
    end_s = time.monotonic() + 60
    while isinstance(result := store.reserve(scope, Ask(tokens=700, nusd=70)), Refused):
        assert time.monotonic() < end_s, "its lease is over"
        time.sleep(0.2)
    assert isinstance(result, Granted)
    assert isinstance(store.reserve(scope, Ask(tokens=1)), Refused)
    store.close()


def test_one_that_was_given_up_too_soon_settles_nothing_twice(tmp_path: Path) -> None:
    """A process that slept past its lease comes back: what it held was settled for it."""
    now = FakeTime()
    path, scope = tmp_path / "q.sqlite", (Scope("tenant acme", Bounds(tokens_per_minute=1000, streams=1)),)
    sleeper, other = (SqliteQuota(path, clock=now.clock(), lease_s=3600) for _ in range(2))
    held = sleeper.reserve(scope, Ask(tokens=900, sure_tokens=300))
    assert isinstance(held, Granted)
    now.passes(3700)
    kept = other.reserve(scope, Ask(tokens=1000))
    assert isinstance(kept, Granted)
    sleeper.settle(held.reservation, 900, 0)
    assert isinstance(other.reserve(scope, Ask()), Refused)
    sleeper.close()
    other.close()


def test_what_was_spent_is_there_after_a_restart(tmp_path: Path) -> None:
    """A new process goes on where the last one ended."""
    now, path, scope = FakeTime(), tmp_path / "q.sqlite", (Scope("tenant acme", Bounds(nusd_per_month=100)),)
    with_money = SqliteQuota(path, clock=now.clock())
    held = with_money.reserve(scope, Ask(nusd=60))
    assert isinstance(held, Granted)
    with_money.settle(held.reservation, 0, 50)
    with_money.close()
    again = SqliteQuota(path, clock=now.clock())
    assert isinstance(again.reserve(scope, Ask(nusd=51)), Refused)
    assert isinstance(again.reserve(scope, Ask(nusd=50)), Granted)
    again.close()


@pytest.mark.parametrize("jump_s", [-86_400 * 40, -3600, -61, 61, 3600, 86_400 * 40])
def test_a_jump_of_the_wall_clock_moves_nothing(tmp_path: Path, jump_s: float) -> None:
    """Within a process a minute stays a minute, and a month's money stays spent."""
    now, path = FakeTime(), tmp_path / "q.sqlite"
    scope = (Scope("tenant acme", Bounds(tokens_per_minute=100, nusd_per_month=100)),)
    store = SqliteQuota(path, clock=now.clock())
    assert isinstance(store.reserve(scope, Ask(tokens=100, nusd=60)), Granted)
    now.wall_s += jump_s
    assert isinstance(store.reserve(scope, Ask(tokens=1)), Refused)
    now.passes(61)
    assert isinstance(store.reserve(scope, Ask(tokens=100, nusd=41)), Refused)
    assert isinstance(store.reserve(scope, Ask(tokens=100, nusd=40)), Granted)
    store.close()


def test_a_process_whose_clock_is_behind_follows_the_one_ahead(tmp_path: Path) -> None:
    """It does not see the last minute as the future, nor open a window of its own, nor stand still."""
    now, path = FakeTime(), tmp_path / "q.sqlite"
    scope = (Scope("tenant acme", Bounds(tokens_per_minute=100)),)
    first = SqliteQuota(path, clock=now.clock())
    assert isinstance(first.reserve(scope, Ask(tokens=100)), Granted)
    now.wall_s -= 7200
    second = SqliteQuota(path, clock=now.clock())
    refused = second.reserve(scope, Ask(tokens=1))
    assert isinstance(refused, Refused)
    assert refused.wait_s == 61
    now.passes(61)
    assert isinstance(second.reserve(scope, Ask(tokens=100)), Granted)
    assert isinstance(first.reserve(scope, Ask(tokens=1)), Refused)
    first.close()
    second.close()


def test_a_clock_that_was_far_ahead_is_set_right_when_nobody_is_there(tmp_path: Path) -> None:
    """Whoever opens the file alone takes the wall clock as it is; what was spent stays spent."""
    now, path = FakeTime(), tmp_path / "q.sqlite"
    scope = (Scope("tenant acme", Bounds(tokens_per_minute=100, nusd_per_month=100)),)
    now.wall_s += 86_400 * 400
    ahead = SqliteQuota(path, clock=now.clock())
    assert isinstance(ahead.reserve(scope, Ask(tokens=100, nusd=100, sure_tokens=100, sure_nusd=100)), Granted)
    ahead.close()
    now.wall_s -= 86_400 * 400
    right = SqliteQuota(path, clock=now.clock())
    refused = right.reserve(scope, Ask(nusd=1))
    assert isinstance(refused, Refused)
    assert refused.wait_s is not None
    assert 0 < refused.wait_s < 86_400 * 31  # this month, not that of a year from now
    now.passes(refused.wait_s)
    assert isinstance(right.reserve(scope, Ask(tokens=100, nusd=100)), Granted)
    right.close()


def test_a_file_that_is_none_is_said_so(tmp_path: Path) -> None:
    """Typed, with the path and what to do."""
    path = tmp_path / "q.sqlite"
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(QuotaUnavailable, match=r"q\.sqlite"):
        SqliteQuota(path)


def test_what_cannot_be_counted_is_not_let_through(tmp_path: Path) -> None:
    """A table that is gone is an error, not a free pass."""
    path = tmp_path / "q.sqlite"
    store = SqliteQuota(path)
    connection = sqlite3.connect(path)
    connection.execute("alter table spent rename to gone")
    with pytest.raises(QuotaUnavailable):
        store.reserve((ACME,), Ask(tokens=1))
    connection.execute("alter table gone rename to spent")
    connection.close()
    assert isinstance(store.reserve((ACME,), Ask(tokens=1)), Granted)
    store.close()
