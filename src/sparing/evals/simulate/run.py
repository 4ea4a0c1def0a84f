"""The simulation: events in the order of their time, no clock, no chance."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from sparing.evals.simulate.arrivals import Arrival
from sparing.evals.simulate.server import Server, ServerModel
from sparing.generate.line import Line
from sparing.plan.forecast.latency import Observation


@dataclass(frozen=True, slots=True)
class Order:
    """How a request is to be served.

    Attributes:
        kept: Share of the prompt that is sent.
        loss: Chance that the answer is worse for how it is served.
        depth: How much is thought; "" where nothing was said of it.
        thought_tokens: That this takes.
    """

    server: str
    rank: int
    kept: float
    loss: float
    ceiling: int | None = None
    gave_way: tuple[str, ...] = ()
    depth: str = ""
    thought_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Served:
    """What became of a request; times from its arrival, None if it was turned away.

    Attributes:
        tokens_before: Of the prompt as it came.
    """

    traffic: str
    order: Order
    tokens_before: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    usd: float
    first_token_s: float | None
    answer_s: float | None


class Strategy(Protocol):
    """Decides for each request as it comes."""

    def order(self, arrival: Arrival, servers: dict[str, Server], lines: dict[str, Line[Arrival]]) -> Order: ...

    def answered(self, arrival: Arrival, order: Order) -> None:
        """The answer is there, and as long as the arrival says."""
        ...


def simulate(
    arrivals: Sequence[Arrival], models: Sequence[ServerModel], strategy: Strategy, most_waiting: int = 2_000
) -> list[Served]:
    """Serve all requests.

    Args:
        most_waiting: Per server; what comes to a full line is turned away.
    """
    return _Run(models, strategy, most_waiting).all(arrivals)


@dataclass(slots=True)
class _Waiting:
    arrival: Arrival
    order: Order
    num_before: int


class _Run:
    def __init__(self, models: Sequence[ServerModel], strategy: Strategy, most_waiting: int) -> None:
        self._servers = {model.name: Server(model) for model in models}
        self._lines: dict[str, Line[Arrival]] = {model.name: Line(model.slots, most_waiting) for model in models}
        self._strategy = strategy
        self._waiting: dict[int, _Waiting] = {}
        self._ends: list[tuple[float, int, _Waiting, Observation]] = []
        self._number = count()
        self._served: list[Served] = []

    def all(self, arrivals: Sequence[Arrival]) -> list[Served]:
        for arrival in arrivals:
            self._pass_time(arrival.at_s)
            self._arrive(arrival)
        self._pass_time(float("inf"))
        return self._served

    def _arrive(self, arrival: Arrival) -> None:
        order = self._strategy.order(arrival, self._servers, self._lines)
        line = self._lines[order.server]
        waiting = _Waiting(arrival, order, line.num_before(order.rank, arrival.at_s))
        self._waiting[id(arrival)] = waiting
        at_once, turned_away = line.enter(arrival, order.rank, arrival.at_s)
        if at_once:
            self._begin(waiting, arrival.at_s)
        if turned_away is not None:
            gone = self._waiting.pop(id(turned_away))
            self._note(gone, 0, 0, 0.0, None, None)

    def _begin(self, waiting: _Waiting, now_s: float) -> None:
        arrival, order = waiting.arrival, waiting.order
        server = self._servers[order.server]
        tokens = max(1, int(arrival.input_tokens * order.kept))
        cached = server.cached_tokens(arrival, order.kept)
        length = arrival.output_tokens + order.thought_tokens
        length = min(length, order.ceiling or length)
        thought = min(order.thought_tokens, length)
        first_s, answer_s = server.times_s(tokens, cached, length, thought)
        server.read(arrival)
        waited_s = now_s - arrival.at_s
        usd = 0.0
        if server.model.prices is not None:
            prices = server.model.prices
            new_usd, read_usd = (tokens - cached) * prices.input_usd, cached * prices.cache_read_usd
            usd = (new_usd + read_usd + length * prices.output_usd) / 1_000_000
        self._note(waiting, tokens, cached, usd, waited_s + first_s, waited_s + answer_s, length)
        times = waited_s + first_s, waited_s + answer_s
        seen = Observation(tokens, cached, waiting.num_before, times[0], length, times[1], thought)
        heapq.heappush(self._ends, (now_s + answer_s, next(self._number), waiting, seen))

    def _pass_time(self, until_s: float) -> None:
        while self._ends and self._ends[0][0] <= until_s:
            at_s, _, done, seen = heapq.heappop(self._ends)
            self._waiting.pop(id(done.arrival), None)
            self._servers[done.order.server].latency.observe(seen)  # only now does anybody know
            self._strategy.answered(done.arrival, done.order)
            following = self._lines[done.order.server].leave()
            if following is not None:
                self._begin(self._waiting[id(following)], at_s)

    def _note(
        self,
        waiting: _Waiting,
        tokens: int,
        cached: int,
        usd: float,
        first_s: float | None,
        answer_s: float | None,
        length: int = 0,
    ) -> None:
        arrival = waiting.arrival
        self._served.append(
            Served(arrival.traffic, waiting.order, arrival.input_tokens, tokens, cached, length, usd, first_s, answer_s)
        )
