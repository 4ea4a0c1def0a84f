"""Fixed budgets that lose as much as the decisions did: the comparison of money that is fair.

A fixed budget is one upstream, one effort and one depth of thought for a class of traffic. Between two of them any loss
can be had by sending a share of the class to each, blindly; of all such pairs the cheapest with the wanted loss is
taken, class by class. So the baseline is the best that somebody could have configured who knew the traffic in advance,
but not each request.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from sparing.evals.simulate.arrivals import Arrival
from sparing.evals.simulate.outcome import Outcome
from sparing.evals.simulate.run import Order, Served, simulate
from sparing.evals.simulate.server import Server, ServerModel
from sparing.evals.simulate.strategies import Effort, FirstComeFirstServed
from sparing.generate.line import Line

_EVERYBODY = 1 << 40  # may wait: what is wanted is what each would cost, not who is turned away


@dataclass(frozen=True, slots=True)
class Way:
    """One fixed budget for one class.

    Attributes:
        loss: Mean expected loss of the class's requests.
        usd: Mean price of one.
    """

    fixed: FirstComeFirstServed
    loss: float
    usd: float


@dataclass(frozen=True, slots=True)
class Mix:
    """Two fixed budgets; `share` of the requests go to the first, drawn blindly."""

    first: Way
    second: Way
    share: float

    @property
    def usd(self) -> float:
        return self.share * self.first.usd + (1 - self.share) * self.second.usd


@dataclass(slots=True)
class FixedBudgets:
    """Serves each class by its mix, first come first served."""

    mixes: Mapping[str, Mix]
    _draw: random.Random = field(default_factory=lambda: random.Random(0))

    def order(self, arrival: Arrival, servers: dict[str, Server], lines: dict[str, Line[Arrival]]) -> Order:
        mix = self.mixes[arrival.traffic]
        way = mix.first if self._draw.random() < mix.share else mix.second
        return way.fixed.order(arrival, servers, lines)

    def answered(self, arrival: Arrival, order: Order) -> None: ...


def fixed_budgets(
    arrivals: Sequence[Arrival],
    models: Sequence[ServerModel],
    efforts: Sequence[Effort],
    losses: Mapping[str, float],
) -> FixedBudgets:
    """The cheapest fixed budgets of each class that lose no more than this.

    Args:
        losses: Class of traffic to the mean expected loss that it may have; where no fixed budget loses so little, the
            one that loses least is taken.
    """
    ways: dict[str, list[Way]] = {name: [] for name in losses}
    every = [(model, effort, depth) for model in models for effort in efforts for depth in model.depths or (None,)]
    for model, effort, depth in every:
        fixed = FirstComeFirstServed(model.name, effort, depth)
        served = simulate(arrivals, models, fixed, most_waiting=_EVERYBODY)
        for name, some in ways.items():
            some.append(_way(fixed, [one for one in served if one.traffic == name]))
    return FixedBudgets({name: cheapest(some, losses[name]) for name, some in ways.items()})


def cheapest(ways: Sequence[Way], loss: float) -> Mix:
    """The cheapest mix of two that loses no more than this; of the one that loses least, where none does."""
    within = [way for way in ways if way.loss <= loss]
    if not within:
        least = min(ways, key=lambda way: way.loss)
        return Mix(least, least, 1.0)
    mixes = [Mix(way, way, 1.0) for way in within]
    for low, high in product(within, (way for way in ways if way.loss > loss)):
        mixes.append(Mix(low, high, (high.loss - loss) / (high.loss - low.loss)))
    return min(mixes, key=lambda mix: mix.usd)


def usd_for(outcomes: Sequence[Outcome], like: Sequence[Outcome]) -> float:
    """What as many answers in each class as `like` gave would have cost at these prices of an answer.

    Args:
        outcomes: By class, then of all, as `like` are.
    """
    return sum(
        one.usd / (one.num - one.refused) * (other.num - other.refused)
        for one, other in zip(outcomes[:-1], like[:-1], strict=True)
        if one.num > one.refused
    )


def _way(fixed: FirstComeFirstServed, served: Sequence[Served]) -> Way:
    num = max(1, len(served))
    return Way(fixed, sum(one.order.loss for one in served) / num, sum(one.usd for one in served) / num)
