"""The decision is the cheapest that meets every goal, and goals give way in their order."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from random_goals import GOALS, SHARES

from sparing.core.prices import CacheKind, Prices
from sparing.plan.answers import Answers, Depth, Remembered, answers_of
from sparing.plan.candidates import Goals, Sending, Tier
from sparing.plan.decide import Decision, decide
from sparing.plan.forecast.latency import Forecast, Latency, Observation

LENGTHS = [20.0, 80.0, 150.0, 300.0, 900.0]


def forecast(first_s: float, per_token_s: float) -> Forecast:
    """Of an upstream that always takes this long."""
    latency = Latency()
    for _ in range(60):
        latency.observe(Observation(1000, 0, 0, first_s, 101, first_s + 100 * per_token_s))
    return latency.forecast(1000, 0, 0)


FAST, SLOW = forecast(0.2, 0.005), forecast(4.0, 0.05)


def prices(input_usd: float, output_usd: float) -> Prices:
    day = date(2026, 1, 1)
    return Prices(input_usd, output_usd, input_usd, (), CacheKind.NONE, 0, 1, day, "a test")


SENDINGS = [Sending("whole", 8_000), Sending("shorter", 2_000, loss=0.02)]


def tier(name: str, usd: float, loss: float, of: Forecast, most: int | None = None) -> Tier:
    return Tier(name, [of] * len(SENDINGS), prices(usd, 4 * usd), loss, most)


SMALL, LARGE = tier("small", 0.1, 0.2, FAST), tier("large", 5.0, 0.0, SLOW)


def test_the_cheapest_wins_where_all_goals_are_met() -> None:
    """Without goals that is the least of everything."""
    chosen = decide([SMALL, LARGE], SENDINGS, Goals(), LENGTHS)
    assert (chosen.tier, chosen.sending, chosen.gave_way) == ("small", "shorter", ())


def test_a_goal_of_quality_takes_the_better_model() -> None:
    """As cheap as that allows: the shorter prompt, as long as its loss is allowed too."""
    assert decide([SMALL, LARGE], SENDINGS, Goals(loss=0.05), LENGTHS).tier == "large"
    assert decide([SMALL, LARGE], SENDINGS, Goals(loss=0.05), LENGTHS).sending == "shorter"
    assert decide([SMALL, LARGE], SENDINGS, Goals(loss=0.01), LENGTHS).sending == "whole"


def test_goals_that_cannot_all_be_met_give_way_in_order() -> None:
    """A second and no loss: one of them has to go."""
    goals = {"first_token_s": 1.0, "loss": 0.01}
    fast = decide([SMALL, LARGE], SENDINGS, Goals(**goals, gives_way=("usd", "loss", "latency")), LENGTHS)
    good = decide([SMALL, LARGE], SENDINGS, Goals(**goals, gives_way=("usd", "latency", "loss")), LENGTHS)
    assert (fast.tier, fast.sending, fast.gave_way) == ("small", "whole", ("loss",))
    assert (good.tier, good.gave_way) == ("large", ("latency",))


def test_a_ceiling_makes_an_answer_quick_and_may_cut_it() -> None:
    """It is taken where time needs it, and counted as the loss that it is."""
    goals = Goals(answer_s=12.0, chance=0.9)
    chosen = decide([LARGE], SENDINGS, goals, LENGTHS, ceilings=(None, 100))
    assert chosen.ceiling == 100
    assert chosen.loss > 0.5
    assert decide([LARGE], SENDINGS, Goals(loss=0.1), LENGTHS, ceilings=(None, 100)).ceiling is None


def test_a_prompt_that_is_too_long_for_a_tier_goes_to_another() -> None:
    """Or is sent shorter; if nobody takes it that is an error."""
    small = tier("small", 0.1, 0.0, FAST, most=4_000)
    assert decide([small, LARGE], SENDINGS, Goals(loss=0.0), LENGTHS).tier == "large"
    assert decide([small], SENDINGS, Goals(loss=0.0), LENGTHS).sending == "shorter"
    with pytest.raises(ValueError, match="no tier takes"):
        decide([tier("tiny", 0.1, 0.0, FAST, most=10)], SENDINGS, Goals(), LENGTHS)


HIGH = Depth("high", 1.0, 0.0, [500.0, 1000.0, 2000.0, 4000.0, 8000.0])
LOW = Depth("low", 1.0, 0.03, [10.0, 30.0, 60.0, 120.0, 400.0])
BRIEF = Depth("brief", 0.5, 0.02)


def test_thought_costs_money_and_time() -> None:
    """It is what gives way as far as its loss may, and what is kept where it may not."""
    large = replace(LARGE, depths=(HIGH, LOW))
    assert decide([large], SENDINGS, Goals(loss=0.06), LENGTHS).depth == "low"
    assert decide([large], SENDINGS, Goals(loss=0.025), LENGTHS).depth == "high"
    slow = replace(LARGE, forecasts=[forecast(0.2, 0.005)] * 2, depths=(HIGH, LOW))
    assert decide([slow], SENDINGS, Goals(answer_s=8.0, loss=0.01), LENGTHS).depth == "low"
    assert decide([slow], SENDINGS, Goals(first_token_s=2.5, loss=0.01), LENGTHS).depth == "low"


def test_of_two_as_good_the_preferred_depth_is_taken() -> None:
    """As the policy lists them."""
    free = replace(SMALL, prices=None)
    for depths in ((replace(LOW, loss=0.0), HIGH), (HIGH, replace(LOW, loss=0.0))):
        chosen = decide([replace(free, depths=depths)], SENDINGS[:1], Goals(loss=0.5), LENGTHS)
        assert chosen.depth == depths[0].name


def test_a_brief_answer_is_shorter_and_may_be_worse() -> None:
    """Cheaper where that may be."""
    large = replace(LARGE, depths=(Depth(), BRIEF))
    assert decide([large], SENDINGS[:1], Goals(loss=0.03), LENGTHS).depth == "brief"
    assert decide([large], SENDINGS[:1], Goals(loss=0.01), LENGTHS).depth == ""


def test_thought_that_leaves_no_room_for_the_answer_loses_it() -> None:
    """Within the request's own limit; an answer that is as long anyway loses nothing."""
    large = replace(LARGE, depths=(HIGH, LOW))
    tight = decide([large], SENDINGS[:1], Goals(loss=0.0), LENGTHS, most_tokens=1000)
    assert (tight.depth, tight.gave_way) == ("low", ("loss",))
    assert decide([replace(LARGE, depths=(Depth(),))], SENDINGS[:1], Goals(), LENGTHS, most_tokens=100).loss == 0.0


def test_better_than_asked_is_no_loss_below_nothing() -> None:
    """More thought makes up for a smaller model, and that is all."""
    deeper = Depth("high", 1.0, -0.1, HIGH.thoughts)
    chosen = decide([replace(SMALL, depths=(deeper,))], SENDINGS[:1], Goals(), LENGTHS)
    assert chosen.loss == pytest.approx(1 - 0.8 * 1.1)
    assert decide([replace(LARGE, depths=(deeper,))], SENDINGS[:1], Goals(), LENGTHS).loss == 0.0


_tiers = st.lists(
    st.builds(tier, st.text("abc", min_size=1), st.floats(0, 10), SHARES, st.sampled_from([FAST, SLOW])),
    min_size=1,
    max_size=3,
)


@given(_tiers, GOALS, st.sampled_from([(None,), (None, 100), (50, 200)]))
def test_nothing_else_would_have_been_better(tiers: list[Tier], goals: Goals, ceilings: tuple[int | None, ...]) -> None:
    """Against each combination by itself: no smaller miss of a more important goal, and no smaller price."""
    depths = (Depth("high", 1.0, 0.0, [10.0, 50.0, 200.0, 900.0, 4000.0]), Depth(), Depth("low", 0.5, 0.1))
    tiers = [replace(one, depths=depths) for one in tiers]
    chosen = decide(tiers, SENDINGS, goals, LENGTHS, ceilings)
    singles = [
        decide([Tier(t.name, [t.forecasts[at]], t.prices, t.loss, depths=(d,))], [s], goals, LENGTHS, (c,))
        for t in tiers
        for (at, s), d, c in product(enumerate(SENDINGS), depths, ceilings)
    ]
    assert _rank(chosen, goals) <= min(_rank(single, goals) for single in singles)


@given(_tiers, st.lists(GOALS, min_size=1, max_size=3), st.sampled_from([None, 100, 1_000]))
def test_what_is_remembered_changes_no_decision(tiers: list[Tier], goals: list[Goals], most: int | None) -> None:
    """The same as without it, whichever requests and whatever was learned in between."""
    remembered = Remembered()
    for thought, aim in enumerate(goals):
        lengths = [length + thought for length in LENGTHS]
        deep = Depth("high", 1.0, 0.0, [10.0 + thought, 50.0, 200.0, 900.0, 4000.0])
        now = [replace(one, depths=(deep, BRIEF, LOW)) for one in tiers]
        for _ in range(2):
            told = decide(now, SENDINGS, aim, lengths, (None, 100), most, remembered)
            assert told == decide(now, SENDINGS, aim, lengths, (None, 100), most)


def test_what_is_remembered_is_worked_out_once_and_bounded() -> None:
    """For the very same depths and lengths; of many it keeps the newest."""
    remembered, depths = Remembered(), (HIGH, LOW)
    first = remembered.of(depths, (None,), LENGTHS, None)
    assert isinstance(first, Answers)
    assert first.rows == answers_of(depths, (None,), LENGTHS, None)
    assert remembered.of((HIGH, LOW), (None,), LENGTHS, None) is first
    assert remembered.of(depths, (None,), list(LENGTHS), None) is not first
    for most in range(1, 3_000):
        remembered.of(depths, (None,), LENGTHS, most)
        assert remembered.within(LENGTHS, most) is remembered.within(LENGTHS, most)
    assert len(remembered) == 1_024


def _rank(one: Decision, goals: Goals) -> tuple[float, ...]:
    has_target = goals.first_token_s is not None or goals.answer_s is not None
    missed = {
        "latency": max(0.0, goals.chance - one.in_time) if has_target else 0.0,
        "usd": max(0.0, one.usd - goals.usd) if goals.usd is not None else 0.0,
        "loss": max(0.0, one.loss - goals.loss) if goals.loss is not None else 0.0,
    }
    return (*(missed[goal] for goal in reversed(goals.gives_way)), one.usd)
