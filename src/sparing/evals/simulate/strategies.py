"""Two ways to serve the same requests: as most gateways do, and by decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sparing.evals.simulate.arrivals import Arrival
from sparing.evals.simulate.run import Order
from sparing.evals.simulate.server import Server, Thinking
from sparing.generate.line import Line
from sparing.plan.answers import Depth
from sparing.plan.candidates import Goals, Sending, Tier
from sparing.plan.decide import decide
from sparing.plan.forecast.answer_length import AnswerLengths
from sparing.plan.forecast.thoughts import Thoughts


@dataclass(frozen=True, slots=True)
class Effort:
    """One way to send a prompt, as measured elsewhere.

    Attributes:
        kept: Share of its tokens.
        loss: Chance that needed evidence is left out.
    """

    name: str
    kept: float
    loss: float


@dataclass(frozen=True, slots=True)
class Traffic:
    """A class of requests, and what it has to meet."""

    name: str
    rank: int
    goals: Goals


@dataclass(frozen=True, slots=True)
class FirstComeFirstServed:
    """Every request to one tier, with one fixed budget, in the order in which they come."""

    server: str
    effort: Effort
    depth: Thinking | None = None

    def order(self, arrival: Arrival, servers: dict[str, Server], lines: dict[str, Line[Arrival]]) -> Order:
        kept = (1 - self.effort.loss) * (1 - servers[self.server].model.loss * arrival.hardness)
        if self.depth is None:
            return Order(self.server, 0, self.effort.kept, 1 - kept)
        kept *= 1 - self.depth.loss * arrival.hardness
        thought = self.depth.tokens_for(arrival)
        return Order(self.server, 0, self.effort.kept, 1 - kept, depth=self.depth.name, thought_tokens=thought)

    def answered(self, arrival: Arrival, order: Order) -> None: ...


@dataclass(frozen=True, slots=True)
class ByDecision:
    """`plan.decide` with what has been learned so far; urgent requests first."""

    traffic: Mapping[str, Traffic]
    efforts: Sequence[Effort]
    lengths: AnswerLengths = field(default_factory=AnswerLengths)
    thoughts: Thoughts = field(default_factory=Thoughts)

    def order(self, arrival: Arrival, servers: dict[str, Server], lines: dict[str, Line[Arrival]]) -> Order:
        traffic = self.traffic[arrival.traffic]
        sendings = [
            Sending(effort.name, int(arrival.input_tokens * effort.kept), loss=effort.loss) for effort in self.efforts
        ]
        tiers = [
            Tier(
                name,
                [
                    server.latency.forecast(
                        sending.input_tokens,
                        server.cached_tokens(arrival, effort.kept),
                        lines[name].num_before(traffic.rank, arrival.at_s),
                    )
                    for sending, effort in zip(sendings, self.efforts, strict=True)
                ],
                server.model.prices,
                server.model.loss * arrival.hardness,
                depths=self._depths(server, arrival),
            )
            for name, server in servers.items()
        ]
        chosen = decide(tiers, sendings, traffic.goals, self.lengths.lengths(traffic.name))
        effort = next(effort for effort in self.efforts if effort.name == chosen.sending)
        depths = servers[chosen.tier].model.depths
        thought = next((one.tokens_for(arrival) for one in depths if one.name == chosen.depth), 0)
        served = (chosen.tier, traffic.rank, effort.kept, chosen.loss, chosen.ceiling, chosen.gave_way)
        return Order(*served, chosen.depth, thought)

    def answered(self, arrival: Arrival, order: Order) -> None:
        self.lengths.observe(arrival.traffic, arrival.output_tokens)
        self.thoughts.observe(order.server, order.depth, order.thought_tokens)

    def _depths(self, server: Server, arrival: Arrival) -> Sequence[Depth]:
        """What a server can be told, with what was learned of it."""
        model = server.model
        return [
            Depth(one.name, 1.0, one.loss * arrival.hardness, self.thoughts.tokens(model.name, one.name))
            for one in model.depths
        ] or (Depth(),)
