"""One decision per request: which model, how much of the prompt, how much thought, how long an answer.

Every combination is given its expected price, its chance to meet the latency targets and its expected loss. The
cheapest that meets all goals is taken. Where none does, goals give way in the policy's order, the first as far as it
has to before the next gives anything, and the decision says which.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sparing.plan.answers import Remembered
from sparing.plan.candidates import Goal, Goals, Sending, Tier
from sparing.plan.ways import Clock, Way, Ways

_ROUNDING = 1e-9


class Decision(msgspec.Struct, frozen=True):
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
    ways, clock = Ways(tiers, sendings, answers, goals), Clock(tiers, answers, goals)
    best: Way | None = None
    best_rank: tuple[float, ...] = ()
    best_in_time = 0.0
    for way in ways:
        # The chance to be in time is what takes time to find out. Nothing behind the first that is in time can do
        # better than it, nor what would not do better even if it were as soon as the shortest words without thought.
        if best is not None and clock.is_behind(way, best_rank):
            continue
        if ways.opened(way):
            continue
        in_time = clock.in_time(way)
        rank = clock.rank(way, in_time)
        if best is None or rank < best_rank:
            best, best_rank, best_in_time = way, rank, in_time
        if in_time >= goals.chance:
            break
    if best is None:
        raise ValueError("no tier takes a prompt of this length")
    *_, usd, loss, tier_at, at, answer_at = best
    chosen = answers[tier_at].rows[answer_at]
    names = (tiers[tier_at].name, sendings[at].name, chosen.depth.name, chosen.ceiling)
    return Decision(*names, usd, best_in_time, loss, _gave_way(goals, usd, loss, best_in_time))


def _gave_way(goals: Goals, usd: float, loss: float, in_time: float) -> tuple[Goal, ...]:
    missed = {
        "latency": in_time < goals.chance - _ROUNDING,
        "usd": goals.usd is not None and usd > goals.usd + _ROUNDING,
        "loss": goals.loss is not None and loss > goals.loss + _ROUNDING,
    }
    return tuple(goal for goal in goals.gives_way if missed[goal])
