"""Searching for cycles, when nobody waits for it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from sparing.gateway.cycles import Cycles


class Clock:
    """Stands still until it is set."""

    s = 0.0

    def __call__(self) -> float:
        return self.s


class Ring:
    """Refers to itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cycles(clock: Clock) -> Iterator[Cycles]:
    with Cycles(clock) as entered:
        yield entered


def old_ring() -> weakref.ref[Ring]:
    """A cycle that was in use when it was looked at, and is no longer."""
    ring = Ring()
    gc.collect(0)
    return weakref.ref(ring)


def test_young_cycles_go_at_once(cycles: Cycles) -> None:
    """Nothing has to be quiet for those."""
    ring = weakref.ref(Ring())
    gc.collect(0)
    assert ring() is None


def test_what_is_in_use_is_looked_at_once(cycles: Cycles) -> None:
    """A later search does not go over it again."""
    kept = [[number] for number in range(5_000)]
    gc.collect(0)
    assert not any(gc.get_objects(generation) for generation in (1, 2))
    assert gc.get_freeze_count() > len(kept)


def test_older_cycles_go_when_nothing_is_open(cycles: Cycles, clock: Clock) -> None:
    """Not at every such moment either: it takes a while."""
    ring = old_ring()
    cycles.tick(0)
    assert ring() is not None
    clock.s = 10.0
    cycles.tick(0)
    assert ring() is None


def test_they_do_not_wait_for_ever(cycles: Cycles, clock: Clock) -> None:
    """A gateway that is never quiet searches after five minutes."""
    ring = old_ring()
    clock.s = 299.0
    cycles.tick(3)
    assert ring() is not None
    clock.s = 300.0
    cycles.tick(3)
    assert ring() is None


def test_the_interpreter_is_left_as_it_was(clock: Clock) -> None:
    """Thresholds, callbacks, and nothing set aside."""
    before = gc.get_threshold(), list(gc.callbacks)
    with Cycles(clock):
        assert gc.get_threshold() != before[0]
    assert (gc.get_threshold(), list(gc.callbacks)) == before
    assert gc.get_freeze_count() == 0
