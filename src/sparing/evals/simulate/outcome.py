"""What came of a simulation, by class of traffic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sparing.evals.simulate.run import Served
from sparing.evals.simulate.strategies import Traffic


@dataclass(frozen=True, slots=True)
class Outcome:
    """One class of traffic, or all.

    Attributes:
        in_time: Share of the requests, those turned away included, that met their latency targets; None without any.
        first_token_s: Median, 95th and 99th percentile of those that were answered.
        loss: Mean expected loss of those that were answered.
        by_upstream: Requests each upstream answered.
        gave_way: How often which goal gave way.
        by_depth: Requests at each depth; none where nobody thinks.
    """

    name: str
    num: int
    refused: int
    in_time: float | None
    first_token_s: tuple[float, float, float]
    usd: float
    loss: float
    by_upstream: Mapping[str, int]
    gave_way: Mapping[str, int]
    by_depth: Mapping[str, int]


def outcomes(served: Sequence[Served], kinds: Mapping[str, Traffic]) -> list[Outcome]:
    """Of each class, then of all."""
    by_kind = [_outcome(name, [one for one in served if one.traffic == name], kinds) for name in kinds]
    return [*by_kind, _outcome("all", served, kinds)]


def _outcome(name: str, served: Sequence[Served], kinds: Mapping[str, Traffic]) -> Outcome:
    answered = [one for one in served if one.first_token_s is not None]
    first = sorted(one.first_token_s for one in answered if one.first_token_s is not None)
    aimed = [one for one in served if _has_target(kinds[one.traffic])]
    return Outcome(
        name=name,
        num=len(served),
        refused=len(served) - len(answered),
        in_time=sum(_is_in_time(one, kinds[one.traffic]) for one in aimed) / len(aimed) if aimed else None,
        first_token_s=(_at(first, 0.5), _at(first, 0.95), _at(first, 0.99)),
        usd=sum(one.usd for one in served),
        loss=sum(one.order.loss for one in answered) / len(answered) if answered else 0.0,
        by_upstream=Counter(one.order.server for one in answered),
        gave_way=Counter(goal for one in served for goal in one.order.gave_way),
        by_depth=Counter(one.order.depth for one in answered if one.order.depth),
    )


def _has_target(kind: Traffic) -> bool:
    return kind.goals.first_token_s is not None or kind.goals.answer_s is not None


def _is_in_time(one: Served, kind: Traffic) -> bool:
    if one.first_token_s is None or one.answer_s is None:
        return False
    goals = kind.goals
    first_s = goals.first_token_s if goals.first_token_s is not None else float("inf")
    answer_s = goals.answer_s if goals.answer_s is not None else float("inf")
    return one.first_token_s <= first_s and one.answer_s <= answer_s


def _at(rising: Sequence[float], share: float) -> float:
    return rising[min(len(rising) - 1, int(share * len(rising)))] if rising else 0.0
