"""One decision per request: which model, how much of the prompt, how much thought, how long an answer.

Every combination is given its expected price, its chance to meet the latency targets and its expected loss. The
cheapest that meets all goals is taken. Where none does, goals give way in the policy's order, the first as far as it
has to before the next gives anything, and the decision says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop
from typing import Final, Literal

import msgspec

from sparing.core.prices import Prices
from sparing.plan.answers import Answer, Answers, Depth, Remembered
from sparing.plan.forecast.latency import Forecast

Goal = Literal["latency", "usd", "loss"]
ORDER: Final[tuple[Goal, ...]] = ("usd", "loss", "latency")  # what gives way first

_ROUNDING = 1e-9


class Goals(msgspec.Struct, frozen=True):
    """What a request has to meet; None is no goal.

    Attributes:
        first_token_s: Time to the first token, from now.
        answer_s: Time to the end of the answer, from now.
        chance: With which both are to be met, 0..1.
        usd: Most money, expected.
        loss: Most expected loss, 0..1: the chance that the answer is worse for what was saved.
        gives_way: Goals in the order in which they give way where not all can be met.
    """

    first_token_s: float | None = None
    answer_s: float | None = None
    chance: float = 0.95
    usd: float | None = None
    loss: float | None = None
    gives_way: tuple[Goal, ...] = ORDER


class Sending(msgspec.Struct, frozen=True):
    """One way to send the prompt.

    Attributes:
        name: The effort, for example.
        cached_tokens: Of `input_tokens`, likely in the provider's cache.
        loss: Chance that needed evidence is left out.
    """

    name: str
    input_tokens: int
    cached_tokens: int = 0
    loss: float = 0.0


class Tier(msgspec.Struct, frozen=True):
    """One model that may be asked.

    Attributes:
        forecasts: What each sending would take of its time.
        prices: None where they are not known: it then counts as free, and the decision cannot hold a goal of money.
        loss: Chance that its answer is worse than that of the best tier.
        most_input_tokens: It takes no longer prompt; None is no limit.
        depths: How much it may think, what is preferred first: of two that are as good the first is taken.
    """

    name: str
    forecasts: Sequence[Forecast]
    prices: Prices | None = None
    loss: float = 0.0
    most_input_tokens: int | None = None
    depths: Sequence[Depth] = (Depth(),)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, what it is expected to be, and what gave way.

    Attributes:
        ceiling: Most tokens of the answer; None as the request says.
        in_time: Chance that the latency targets are met.
    """

    tier: str
    sending: str
    depth: str
    ceiling: int | None
    usd: float
    in_time: float
    loss: float
    gave_way: tuple[Goal, ...] = ()


def decide(
    tiers: Sequence[Tier],
    sendings: Sequence[Sending],
    goals: Goals,
    lengths: Sequence[float],
    ceilings: Sequence[int | None] = (None,),
    most_tokens: int | None = None,
    remembered: Remembered | None = None,
) -> Decision:
    """Choose one of each.

    Args:
        tiers: At least one; `forecasts` in the order of `sendings`.
        sendings: At least one.
        lengths: Tokens of the answer to be expected, equally likely ones (`forecast.AnswerLengths`), rising.
        ceilings: Most tokens of the answer and its thoughts, None for no ceiling of ours.
        most_tokens: Likewise, as the request has it: an answer that is as long anyway loses nothing by it, one that
            thoughts leave no room for does.
        remembered: What was worked out for the same depths and lengths before; it changes nothing but the time.
    """
    known = Remembered() if remembered is None else remembered
    answers = [known.of(tier.depths, tuple(ceilings), lengths, most_tokens) for tier in tiers]
    ranked = _ranked(tiers, sendings, answers, goals)
    if not ranked:
        raise ValueError("no tier takes a prompt of this length")
    place = len(goals.gives_way) - 1 - goals.gives_way.index("latency")
    best, best_rank, best_in_time = ranked[0], None, 0.0
    soonest: dict[tuple[int, int], float] = {}
    while ranked:
        # The chance to be in time is what takes time to find out. Sorted by all else, nothing behind the first that is
        # in time can do better than it.
        one = heappop(ranked)
        without_clock, tier_at, at, answer_at = one[:4], one[4], one[5], one[6]
        forecast = tiers[tier_at].forecasts[at]
        if best_rank is not None:
            # Nor can what would not do better even if it were as soon as the shortest words without any thought.
            if (tier_at, at) not in soonest:
                soonest[tier_at, at] = _in_time(forecast, answers[tier_at].soonest, goals)
            if _rank(without_clock, place, goals.chance - soonest[tier_at, at]) >= best_rank:
                continue
        in_time = _in_time(forecast, answers[tier_at].rows[answer_at], goals)
        rank = _rank(without_clock, place, goals.chance - in_time)
        if best_rank is None or rank < best_rank:
            best, best_rank, best_in_time = one, rank, in_time
        if in_time >= goals.chance:
            break
    *_, usd, loss, tier_at, at, answer_at = best
    chosen = answers[tier_at].rows[answer_at]
    names = (tiers[tier_at].name, sendings[at].name, chosen.depth.name, chosen.ceiling)
    return Decision(*names, usd, best_in_time, loss, _gave_way(goals, usd, loss, best_in_time))


_Ranked = tuple[float, float, float, float, int, int, int]
"""Shortfalls of the goals but latency, the most important first, then money and loss, less is better; and which tier,
sending and answer that is."""


def _rank(without_clock: tuple[float, ...], place: int, late: float) -> tuple[float, ...]:
    return (*without_clock[:place], max(0.0, late), *without_clock[place:])


def _ranked(
    tiers: Sequence[Tier], sendings: Sequence[Sending], answers: Sequence[Answers], goals: Goals
) -> list[_Ranked]:
    """All combinations, a heap: the best first but for the clock."""
    usd_first = goals.gives_way.index("usd") > goals.gives_way.index("loss")
    most_usd = goals.usd if goals.usd is not None else float("inf")
    most_loss = goals.loss if goals.loss is not None else 1.0
    ranked: list[_Ranked] = []
    for t, tier in enumerate(tiers):
        output_usd = tier.prices.output_usd / 1_000_000 if tier.prices else 0.0
        each = answers[t].priced(output_usd, tier.loss)
        for s, sending in enumerate(sendings):
            if tier.most_input_tokens is not None and sending.input_tokens > tier.most_input_tokens:
                continue
            input_usd, whole = _input_usd(tier.prices, sending), 1 - sending.loss
            for a, (answer_usd, kept) in enumerate(each):
                usd, loss = input_usd + answer_usd, 1 - whole * kept
                over = usd - most_usd if usd > most_usd else 0.0
                lost = loss - most_loss if loss > most_loss else 0.0
                ranked.append((over, lost, usd, loss, t, s, a) if usd_first else (lost, over, usd, loss, t, s, a))
    heapify(ranked)
    return ranked


def _in_time(forecast: Forecast, answer: Answer, goals: Goals) -> float:
    """Chance that the latency targets are met."""
    chance = 1.0
    if goals.first_token_s is not None:
        chance = forecast.chance_of_first_token(goals.first_token_s, answer.depth.thoughts)
    if goals.answer_s is not None:
        chance = min(chance, forecast.chance_of_answer(goals.answer_s, answer.lengths, answer.depth.thoughts))
    return chance


def _gave_way(goals: Goals, usd: float, loss: float, in_time: float) -> tuple[Goal, ...]:
    missed = {
        "latency": in_time < goals.chance - _ROUNDING,
        "usd": goals.usd is not None and usd > goals.usd + _ROUNDING,
        "loss": goals.loss is not None and loss > goals.loss + _ROUNDING,
    }
    return tuple(goal for goal in goals.gives_way if missed[goal])


def _input_usd(prices: Prices | None, sending: Sending) -> float:
    if prices is None:
        return 0.0
    new = sending.input_tokens - sending.cached_tokens
    return (new * prices.input_usd + sending.cached_tokens * prices.cache_read_usd) / 1_000_000
