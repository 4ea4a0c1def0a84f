"""What may wait is done in order, together, and soon."""

from __future__ import annotations

import asyncio

from sparing.gateway.later import Later


def test_without_a_loop_it_is_done_at_once() -> None:
    """Nobody else would do it."""
    done: list[int] = []
    Later()(lambda: done.append(1))
    assert done == [1]


def test_on_a_loop_it_waits_for_others_and_keeps_its_order() -> None:
    """Whoever hands it over does not wait for it."""
    done: list[int] = []

    async def hand_over(num: int) -> None:
        later = Later()
        for one in range(num):
            later(lambda one=one: done.append(one))  # type: ignore[misc]
        assert done == []
        while len(done) < num:
            await asyncio.sleep(0.01)

    for num in (1, 40):
        done.clear()
        asyncio.run(hand_over(num))
        assert done == list(range(num))
