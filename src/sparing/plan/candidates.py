"""What a decision is about: goals, ways to send the prompt, models that may be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from sparing.core.prices import Prices
from sparing.plan.answers import Depth
from sparing.plan.forecast.latency import Forecast

Goal = Literal["latency", "usd", "loss"]
ORDER: Final[tuple[Goal, ...]] = ("usd", "loss", "latency")  # what gives way first


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
        forecasts: What each sending would take of its time, by its place.
        prices: None where they are not known: it then counts as free, and the decision cannot hold a goal of money.
        loss: Chance that its answer is worse than that of the best tier.
        most_input_tokens: It takes no longer prompt; None is no limit.
        depths: How much it may think, what is preferred first: of two that are as good the first is taken.
    """

    name: str
    forecasts: Sequence[Forecast] | Mapping[int, Forecast]
    prices: Prices | None = None
    loss: float = 0.0
    most_input_tokens: int | None = None
    depths: Sequence[Depth] = (Depth(),)
