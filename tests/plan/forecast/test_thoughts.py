"""What levels of thought cost is learned, tier by tier."""

from __future__ import annotations

import pytest

from sparing.plan.forecast.latency import Latency, Observation
from sparing.plan.forecast.thoughts import Thoughts


def test_levels_begin_in_their_order_and_come_to_what_was_seen() -> None:
    """A tier of which nothing was seen borrows from the others at that level."""
    thoughts = Thoughts()
    medians = [thoughts.tokens("t", level)[2] for level in ("minimal", "low", "medium", "high")]
    assert medians == sorted(medians)
    for _ in range(60):
        thoughts.observe("t", "low", 2000)
    assert thoughts.tokens("t", "low")[2] == pytest.approx(2000, rel=0.4)
    assert thoughts.tokens("other", "low")[2] == pytest.approx(2000, rel=0.5)
    assert thoughts.tokens("t", "medium")[2] == medians[2]
    assert thoughts.tokens("t", "none") == thoughts.tokens("t", "") == ()


def test_how_short_a_brief_answer_is() -> None:
    """In proportion to what would be usual, and never longer than that."""
    thoughts = Thoughts()
    for _ in range(80):
        thoughts.observe_brief("terse", 50, 250.0)
        thoughts.observe_brief("deaf", 400, 250.0)
    assert thoughts.brief_factor("terse") == pytest.approx(0.2, rel=0.2)
    assert thoughts.brief_factor("deaf") == 1.0
    assert thoughts.brief_factor("unknown") == pytest.approx(0.6)


@pytest.mark.parametrize("held_back", [True, False])
def test_whether_thoughts_delay_the_first_token_is_learned(held_back: bool) -> None:
    """Providers that pass thoughts on as they come begin at once; the others think first."""
    latency = Latency()
    for n in range(300):
        thought, said = (n * 37) % 1500, 100
        first_s = 0.5 + (0.01 * thought if held_back else 0.0)
        whole_s = 0.5 + 0.01 * (thought + said)
        latency.observe(Observation(1000, 0, 0, first_s, thought + said, whole_s, thought))
    forecast = latency.forecast(1000, 0, 0)
    assert (forecast.chance_of_first_token(2.0, [1000.0]) < 0.2) == held_back
    assert forecast.chance_of_first_token(2.0) > 0.8
    assert forecast.chance_of_answer(20.0, [1100.0], [1000.0]) > 0.8
    assert forecast.chance_of_answer(7.0, [1100.0], [1000.0]) < 0.2
