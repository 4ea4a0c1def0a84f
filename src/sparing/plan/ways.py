"""All that may be decided, the best first but for the clock; what cannot win is never looked at closely.

Branch and bound (Land & Doig 1960): all answers of one tier and sending stand together as the best that any of them
could be, until that is the best of what is left. The chance to be in time, which takes longest to find out, has bounds
of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush

from sparing.core.prices import Prices
from sparing.plan.answers import Answer, Answers
from sparing.plan.candidates import Goals, Sending, Tier
from sparing.plan.forecast.latency import Forecast

Way = tuple[float, float, float, float, int, int, int]
"""Shortfalls of the goals but latency, the most important first, then money and loss, less is better; and which tier,
sending and answer that is, -1 for all of its answers."""

_UNOPENED = -1


class Ways:
    """Pops one way after the other. Those that stand for several have to be `opened`."""

    def __init__(
        self, tiers: Sequence[Tier], sendings: Sequence[Sending], answers: Sequence[Answers], goals: Goals
    ) -> None:
        self._usd_first = goals.gives_way.index("usd") > goals.gives_way.index("loss")
        self._most_usd = goals.usd if goals.usd is not None else float("inf")
        self._most_loss = goals.loss if goals.loss is not None else 1.0
        self._whole = [1 - sending.loss for sending in sendings]
        self._priced = [
            each.priced(tier.prices.output_usd / 1_000_000 if tier.prices else 0.0, tier.loss)
            for tier, each in zip(tiers, answers, strict=True)
        ]
        self._input_usd: dict[tuple[int, int], float] = {}
        self._left: list[Way] = []
        for t, tier in enumerate(tiers):
            for s, sending in enumerate(sendings):
                if tier.most_input_tokens is None or sending.input_tokens <= tier.most_input_tokens:
                    self._input_usd[t, s] = _input_usd(tier.prices, sending)
                    self._left.append(self._unopened(t, s))
        heapify(self._left)

    def __iter__(self) -> Iterator[Way]:
        while self._left:
            yield heappop(self._left)

    def opened(self, way: Way) -> bool:
        """Whether a way stood for several, which have now taken its place."""
        *_, t, s, a = way
        if a != _UNOPENED:
            return False
        for a, (usd, kept) in enumerate(self._priced[t].each):
            heappush(self._left, self._way(usd, kept, t, s, a))
        return True

    def _unopened(self, t: int, s: int) -> Way:
        """All answers of a tier to a sending, as what none of them can be better than."""
        front, whole = self._priced[t].front, self._whole[s]
        least_usd, most_kept = front[0][0], front[-1][1]
        for usd, kept in front:
            if 1 - whole * kept <= self._most_loss:
                if self._usd_first and self._input_usd[t, s] + usd > self._most_usd:
                    break
                return self._way(usd, most_kept, t, s, _UNOPENED)
        return self._way(least_usd, most_kept, t, s, _UNOPENED)

    def _way(self, answer_usd: float, kept: float, t: int, s: int, a: int) -> Way:
        usd, loss = self._input_usd[t, s] + answer_usd, 1 - self._whole[s] * kept
        over = usd - self._most_usd if usd > self._most_usd else 0.0
        lost = loss - self._most_loss if loss > self._most_loss else 0.0
        return (over, lost, usd, loss, t, s, a) if self._usd_first else (lost, over, usd, loss, t, s, a)


class Clock:
    """The chance that a way meets the latency targets, looked at no closer than it has to be."""

    def __init__(self, tiers: Sequence[Tier], answers: Sequence[Answers], goals: Goals) -> None:
        self._tiers, self._answers, self._goals = tiers, answers, goals
        self._place = len(goals.gives_way) - 1 - goals.gives_way.index("latency")
        self._soonest: dict[tuple[int, int], list[float]] = {}

    def rank(self, way: Way, in_time: float) -> tuple[float, ...]:
        """All shortfalls of a way with this chance to be in time, the most important first, then money and loss."""
        late = self._goals.chance - in_time
        return (*way[: self._place], late if late > 0.0 else 0.0, *way[self._place : 4])

    def in_time(self, way: Way) -> float:
        """The chance itself."""
        *_, t, s, a = way
        forecast, answer = self._tiers[t].forecasts[s], self._answers[t].rows[a]
        return min(self._of_first(forecast, answer), self._of_answer(forecast, answer))

    def is_behind(self, way: Way, rank: tuple[float, ...]) -> bool:
        """Whether a way would not do better than this even if it were as soon as the shortest words without thought.

        That is looked at once for all ways of a tier and sending, and the whole answer only where its first token
        does not say it.
        """
        *_, t, s, _ = way
        known = self._soonest.setdefault((t, s), [1.0])
        for chance in (self._of_first, self._of_answer)[len(known) - 1 :]:
            if self.rank(way, known[-1]) >= rank:
                return True
            known.append(min(known[-1], chance(self._tiers[t].forecasts[s], self._answers[t].soonest)))
        return self.rank(way, known[-1]) >= rank

    def _of_first(self, forecast: Forecast, answer: Answer) -> float:
        within_s = self._goals.first_token_s
        return 1.0 if within_s is None else forecast.chance_of_first_token(within_s, answer.depth.thoughts)

    def _of_answer(self, forecast: Forecast, answer: Answer) -> float:
        within_s = self._goals.answer_s
        if within_s is None:
            return 1.0
        return forecast.chance_of_answer(within_s, answer.lengths, answer.depth.thoughts)


def _input_usd(prices: Prices | None, sending: Sending) -> float:
    if prices is None:
        return 0.0
    new = sending.input_tokens - sending.cached_tokens
    return (new * prices.input_usd + sending.cached_tokens * prices.cache_read_usd) / 1_000_000
