"""Work in several processes: everything once, in order, whatever some of them do."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

from sparing.retrieve.processes import in_processes


def doubled_unless_deadly(number: int) -> int:
    """Ends its process at 13 and 14."""
    if number in (13, 14):
        os._exit(3)
    return 2 * number


def minus_one(_number: int) -> int:
    return -1


@pytest.mark.parametrize("sizes", [[1] * 30, [7, 7, 7, 9]])
def test_what_takes_its_process_down_fails_alone(sizes: Sequence[int]) -> None:
    """Whatever it shares a batch with, and however many batches are under way."""
    numbers = iter(range(30))
    batches = [[next(numbers) for _ in range(size)] for size in sizes]
    found = list(in_processes(batches, doubled_unless_deadly, minus_one, 2))
    assert found == [-1 if number in (13, 14) else 2 * number for number in range(30)]


def test_who_stops_asking_ends_them() -> None:
    """Nothing is begun any more."""
    results = in_processes([[n] for n in range(10_000)], doubled_unless_deadly, minus_one, 2)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]  # a generator
