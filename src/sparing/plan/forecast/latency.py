"""How soon an upstream answers, by what it is sent: learned online, with its uncertainty, forgetting what was.

The time to the first token grows with the tokens that have to be read, a little with those that the provider's cache
knows, with what is thought before it where thoughts are not passed on as they come, and with the requests before it:
little while the upstream serves them beside each other, and by a turn each where it is known how many it serves at once
and they wait in line. The time per token after that grows with the load alone. How far off that is stays in histograms
(`ratios`), so that a target of 95 % is one of the tail that was seen.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sparing.plan.forecast.drift import Drift
from sparing.plan.forecast.ratios import Ratios
from sparing.plan.forecast.regression import Regression

# s: by itself, per 1,000 new tokens, per 1,000 cached ones, per 1,000 tokens of thought (as if they came first and were
# not passed on), per request in flight, per request that waits before it
_FIRST = (0.4, 0.06, 0.01, 15.0, 0.02, 0.1)
_THOUGHT = 3  # which of these
_PER_TOKEN = (0.015, 0.0005)  # s: by itself, per request in flight
_KEPT_ON_DRIFT, _DOUBT_ON_DRIFT = 0.1, 25.0
_FAILURES_FORGET = 0.98
_FEW = 1.0  # failures that are supposed before any request
_SPEEDS = (0.25, 0.85)  # quantiles of the time per token that an answer's time is averaged over


class Observation(msgspec.Struct, frozen=True):
    """One answer.

    Attributes:
        num_before: Requests in flight at the upstream when it was sent, those that wait in its line behind it left out.
        first_token_s: From sending to the first byte of the answer; None if there was none.
        answer_s: To its last byte; None if it broke off.
        thought_tokens: Of `output_tokens`, thought and not said.
    """

    input_tokens: int
    cached_tokens: int
    num_before: int
    first_token_s: float | None
    output_tokens: int = 0
    answer_s: float | None = None
    thought_tokens: int = 0


class Latency:
    """One upstream and model.

    Args:
        at_once: Requests that it serves at once, others waiting in line; None where nobody knows.

    Attributes:
        num_drifts: How often it was found to have changed.
    """

    def __init__(self, at_once: int | None = None) -> None:
        self._at_once = at_once
        self._first = Regression(_FIRST if at_once else _FIRST[:-1])
        self._per_token = Regression(_PER_TOKEN)
        self._first_ratios, self._token_ratios = Ratios(), Ratios()
        self._first_drift, self._token_drift = Drift(), Drift()
        self._failed, self._tried = _FEW, 20.0 * _FEW

    @property
    def num_drifts(self) -> int:
        return self._first_drift.num + self._token_drift.num

    @property
    def failure_rate(self) -> float:
        """Chance that a request gets no answer, 0..1."""
        return self._failed / self._tried

    def observe(self, seen: Observation) -> None:
        """Learn from one answer, or from its absence."""
        failed = seen.first_token_s is None
        self._failed = self._failed * _FAILURES_FORGET + failed
        self._tried = self._tried * _FAILURES_FORGET + 1.0
        if seen.first_token_s is None:
            return
        features = self._first_features(seen.input_tokens, seen.cached_tokens, seen.num_before, seen.thought_tokens)
        _learn(self._first, self._first_ratios, self._first_drift, features, seen.first_token_s)
        if seen.answer_s is not None and seen.output_tokens > 1:
            per_token_s = (seen.answer_s - seen.first_token_s) / max(1.0, seen.output_tokens - 1 - self._held(seen))
            load = self._load_features(seen.num_before)
            _learn(self._per_token, self._token_ratios, self._token_drift, load, per_token_s)

    def observe_whole(self, seen: Observation) -> None:
        """Learn from an answer that came in one piece: its time is shared out as the forecast would have it.

        Args:
            seen: `first_token_s` is not looked at.
        """
        if seen.answer_s is None:
            return
        forecast = self.forecast(seen.input_tokens, seen.cached_tokens, seen.num_before)
        first_s = forecast.first_token_s + seen.thought_tokens * forecast.per_thought_s
        rest_s = max(0.0, seen.output_tokens - self._held(seen)) * forecast.per_token_s
        share = first_s / (first_s + rest_s)
        self.observe(msgspec.structs.replace(seen, first_token_s=share * seen.answer_s))

    def prepare(self) -> None:
        """Work out what forecasts need of what was learned, so that no request has to."""
        for share in _SPEEDS:
            self._token_ratios.quantile(share)
        self._first_ratios.prepare()

    def forecast(self, input_tokens: int, cached_tokens: int, num_before: int) -> Forecast:
        """What a request will take that is sent now."""
        return Forecast(
            self._first.predict(self._first_features(input_tokens, cached_tokens, num_before)),
            self._per_token.predict(self._load_features(num_before)),
            self._first_ratios,
            self._token_ratios,
            self.failure_rate,
            self._first.weights[_THOUGHT] / 1000,
        )

    def forecasts(self, sizes: Sequence[tuple[int, int]], num_before: int) -> Forecasts:
        """Of requests of several sizes: tokens of the prompt, and those of them that are cached."""
        return Forecasts(self, sizes, num_before)

    def _held(self, seen: Observation) -> float:
        """Tokens of thought that were over when the first token came, as far as is known."""
        if not seen.thought_tokens:
            return 0.0
        per_token_s = self._per_token.predict(self._load_features(seen.num_before))
        return seen.thought_tokens * min(1.0, self._first.weights[_THOUGHT] / 1000 / per_token_s)

    def _first_features(
        self, input_tokens: int, cached_tokens: int, num_before: int, thought_tokens: int = 0
    ) -> tuple[float, ...]:
        read = (1.0, max(0, input_tokens - cached_tokens) / 1000, cached_tokens / 1000, thought_tokens / 1000)
        if not self._at_once:
            return (*read, float(num_before))
        return (*read, float(min(num_before, self._at_once)), float(max(0, num_before - self._at_once + 1)))

    def _load_features(self, num_before: int) -> tuple[float, ...]:
        return (1.0, float(min(num_before, self._at_once) if self._at_once else num_before))


class Forecast(msgspec.Struct, frozen=True):
    """Chances of one request. Valid until the model learns more.

    Attributes:
        first_token_s: To the first token, by the regression.
        per_token_s: Between tokens.
        per_thought_s: By which a token of thought delays the first one.
    """

    first_token_s: float
    per_token_s: float
    first_ratios: Ratios
    token_ratios: Ratios
    failure_rate: float
    per_thought_s: float = 0.0

    def chance_of_first_token(self, within_s: float, thoughts: Sequence[float] = ()) -> float:
        """That the first token comes within this time, failures counted as never.

        Args:
            thoughts: Tokens of thought before it, equally likely ones.
        """
        first_s, thought_s = self.first_token_s, self.per_thought_s
        if not thoughts or thought_s <= 0:
            return (1 - self.failure_rate) * self.first_ratios.chance(within_s / first_s)
        chances = self.first_ratios.chances([within_s / (first_s + n * thought_s) for n in thoughts])
        return (1 - self.failure_rate) * chances / len(thoughts)

    def chance_of_answer(self, within_s: float, lengths: Sequence[float], thoughts: Sequence[float] = ()) -> float:
        """That the last token comes within this time.

        Args:
            lengths: Tokens of the answer, thoughts included, equally likely ones.
            thoughts: Of each, what is thought.
        """
        speeds = [self.per_token_s * self.token_ratios.quantile(q) for q in _SPEEDS]
        first_s, thought_s = self.first_token_s, self.per_thought_s
        if not thoughts or thought_s <= 0:
            left = [(within_s - n * s) / first_s for n in lengths for s in speeds]
        else:
            # What came before the first token is over by then: only the rest comes token by token.
            left = []
            for s in speeds:
                held = thought_s / s if thought_s < s else 1.0
                left += [
                    (within_s - (n - t * held if n > t else 0.0) * s) / (first_s + t * thought_s)
                    for n, t in zip(lengths, thoughts, strict=True)
                ]
        return (1 - self.failure_rate) * self.first_ratios.chances(left) / len(left)


class Forecasts(dict[int, Forecast]):
    """By place; each is made when it is first looked at."""

    def __init__(self, latency: Latency, sizes: Sequence[tuple[int, int]], num_before: int) -> None:
        self._latency, self._sizes, self._num_before = latency, sizes, num_before

    def __missing__(self, at: int) -> Forecast:
        made = self[at] = self._latency.forecast(*self._sizes[at], self._num_before)
        return made


def _learn(line: Regression, ratios: Ratios, drift: Drift, features: tuple[float, ...], value: float) -> None:
    predicted = line.predict(features)
    ratio = max(value, 1e-6) / predicted
    ratios.add(ratio)
    # On the scale of the ratio both ways, so that ten times faster weighs as much as ten times slower.
    error = ratio - 1 if ratio >= 1 else 1 - 1 / ratio
    if drift.is_drift(error):
        ratios.forget(_KEPT_ON_DRIFT)
        line.doubt(_DOUBT_ON_DRIFT)
    line.observe(features, value)
