"""A tier's line as a decision sees it: whoever a request will pass is not before it."""

from __future__ import annotations

import pytest

from sparing.gateway.known_tier import KnownTier
from sparing.settings.tree import TierSettings


@pytest.mark.parametrize(
    ("at_once", "in_flight", "rank", "num_before"),
    [
        (0, {0: 2, 200: 90}, 0, 92),
        (8, {}, 0, 0),
        (8, {0: 2, 200: 90}, 0, 8),
        (8, {0: 2, 200: 3}, 0, 5),
        (8, {0: 20, 200: 90}, 0, 20),
        (8, {0: 2, 200: 90}, 200, 92),
    ],
)
def test_the_patient_are_passed(at_once: int, in_flight: dict[int, int], rank: int, num_before: int) -> None:
    """But for those that are being served: all of them where nobody knows how many are served at once."""
    known = KnownTier(TierSettings("t", "http://127.0.0.1:9", at_once=at_once))
    for other, num in in_flight.items():
        for _ in range(num):
            known.entered(other)
    assert known.num_before(rank) == num_before
