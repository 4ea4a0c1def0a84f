"""Looking at few ways finds, to the bit, what looking at all of them would."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from random_goals import FEW, GOALS, SHARES

from sparing.core.prices import CacheKind, Prices
from sparing.plan.answers import Answers, Depth, answers_of
from sparing.plan.candidates import Goals, Sending, Tier
from sparing.plan.decide import Decision, decide
from sparing.plan.forecast.latency import Forecast, Latency, Observation
from sparing.plan.ways import Clock, Ways

LENGTHS = [20.0, 80.0, 150.0, 300.0, 900.0]
CEILINGS: list[tuple[int | None, ...]] = [(None,), (None, 100), (50, 200), (None, 200, 40)]


def _latency(draw: random.Random) -> Latency:
    """Of an upstream that was seen a few times."""
    latency = Latency(draw.choice([None, 1, 4]))
    for _ in range(draw.randrange(20)):
        first_s, per_token_s, thought = draw.uniform(0.01, 20), draw.uniform(0.0005, 0.2), draw.randrange(90)
        latency.observe(Observation(1_000, 100, 2, first_s, 101, first_s + 100 * per_token_s, thought))
    latency.prepare()
    return latency


LATENCIES = [_latency(random.Random(seed)) for seed in range(12)]

_prices = st.builds(
    lambda usd, more, cached: Prices(usd, more * usd, cached * usd, (), CacheKind.NONE, 0, 1, date(2026, 1, 1), ""),
    st.sampled_from([0.0, 0.1, 2.0]),
    st.sampled_from([1.0, 4.0]),
    st.sampled_from([0.1, 1.0]),
)
_sendings = st.lists(
    st.builds(Sending, st.just("s"), st.sampled_from([100, 4_000, 4_001]), st.sampled_from([0, 50]), FEW),
    min_size=1,
    max_size=3,
)
_thoughts = st.lists(st.floats(0, 5_000), min_size=5, max_size=5).map(sorted)
_depths = st.lists(
    st.builds(
        Depth, st.text("ab", max_size=2), st.sampled_from([0.5, 1.0]), st.floats(-0.2, 0.3), st.just(()) | _thoughts
    ),
    min_size=1,
    max_size=3,
)


@st.composite
def _worlds(draw: st.DrawFn) -> tuple[list[Tier], list[Sending]]:
    sendings = draw(_sendings)
    sizes = [(one.input_tokens, one.cached_tokens) for one in sendings]
    tiers = [
        Tier(
            f"t{number}",
            draw(st.sampled_from(LATENCIES)).forecasts(sizes, draw(st.integers(0, 9))),
            draw(st.none() | _prices),
            draw(FEW | SHARES),
            draw(st.sampled_from([None, None, 4_000, 10])),
            draw(_depths),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    return [*tiers, Tier("last", LATENCIES[0].forecasts(sizes, 0))], sendings


@given(_worlds(), GOALS, st.sampled_from(CEILINGS), st.none() | st.integers(30, 3_000))
def test_the_decision_is_the_best_of_all_ways(
    world: tuple[list[Tier], list[Sending]], goals: Goals, ceilings: tuple[int | None, ...], most: int | None
) -> None:
    """Each of them priced, timed and compared."""
    tiers, sendings = world
    assert decide(tiers, sendings, goals, LENGTHS, ceilings, most) == _best_of_all(
        tiers, sendings, goals, ceilings, most
    )


@given(_worlds(), GOALS, st.sampled_from(CEILINGS))
def test_ways_come_in_order_and_none_is_left_out(
    world: tuple[list[Tier], list[Sending]], goals: Goals, ceilings: tuple[int | None, ...]
) -> None:
    """The best first, but for the clock, whose bounds hold."""
    tiers, sendings = world
    answers = [Answers(answers_of(tier.depths, ceilings, LENGTHS, None)) for tier in tiers]
    ways, clock = Ways(tiers, sendings, answers, goals), Clock(tiers, answers, goals)
    singles = [way for way in ways if not ways.opened(way)]
    assert singles == sorted(singles)
    takes = [
        sum(tier.most_input_tokens is None or one.input_tokens <= tier.most_input_tokens for one in sendings)
        for tier in tiers
    ]
    assert len(singles) == sum(len(each.rows) * num for each, num in zip(answers, takes, strict=True))
    for way in singles:
        *others, loss = clock.rank(way, clock.in_time(way) - 1e-9)
        assert not clock.is_behind(way, (*others, loss + 1e-9))


def _best_of_all(
    tiers: list[Tier], sendings: list[Sending], goals: Goals, ceilings: tuple[int | None, ...], most: int | None
) -> Decision:
    """As the rules say it, one combination after the other."""
    best: tuple[tuple[float, ...], Decision] | None = None
    for tier in tiers:
        for at, sending in enumerate(sendings):
            if tier.most_input_tokens is not None and sending.input_tokens > tier.most_input_tokens:
                continue
            for answer in answers_of(tier.depths, ceilings, LENGTHS, most):
                usd = 0.0
                if tier.prices is not None:
                    new = sending.input_tokens - sending.cached_tokens
                    prompt = new * tier.prices.input_usd + sending.cached_tokens * tier.prices.cache_read_usd
                    usd = prompt / 1_000_000 + answer.tokens * (tier.prices.output_usd / 1_000_000)
                loss = 1 - (1 - sending.loss) * min(1.0, (1 - tier.loss) * answer.kept)
                in_time = _in_time(tier.forecasts[at], answer.lengths, answer.depth.thoughts, goals)
                missed = {
                    "latency": max(0.0, goals.chance - in_time),
                    "usd": max(0.0, usd - goals.usd) if goals.usd is not None else 0.0,
                    "loss": max(0.0, loss - goals.loss) if goals.loss is not None else 0.0,
                }
                rank = (*(missed[goal] for goal in reversed(goals.gives_way)), usd, loss)
                if best is None or rank < best[0]:
                    gave_way = tuple(goal for goal in goals.gives_way if missed[goal] > 1e-9)
                    names = tier.name, sending.name, answer.depth.name, answer.ceiling
                    best = rank, Decision(*names, usd, in_time, loss, gave_way)
    assert best is not None
    return best[1]


def _in_time(forecast: Forecast, lengths: Sequence[float], thoughts: Sequence[float], goals: Goals) -> float:
    chance = 1.0
    if goals.first_token_s is not None:
        chance = forecast.chance_of_first_token(goals.first_token_s, thoughts)
    if goals.answer_s is not None:
        chance = min(chance, forecast.chance_of_answer(goals.answer_s, lengths, thoughts))
    return chance
