"""One request on its way through the engine, and what the engine says about it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from sparing import inmodel as im
from sparing.generate.torch_engine.admission import Need
from sparing.generate.torch_engine.chat import Spent
from sparing.generate.torch_engine.sampling import Sampling


@dataclass(frozen=True, slots=True)
class Began:
    """The prompt was read; what of it is in the cache."""

    kept_tokens: int
    kv_bytes: int


@dataclass(frozen=True, slots=True)
class Piece:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The answer is complete. `reason` is "stop" or "length"."""

    reason: str
    spent: Spent


@dataclass(frozen=True, slots=True)
class Failed:
    """There will be no more."""

    error: BaseException


Event = Began | Piece | Ended | Failed


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What to run.

    Attributes:
        prompt: Tokens.
        tell: Called in the engine's thread; must not wait.
        cancelled: Set by whoever no longer wants the answer; the engine looks before every step.
    """

    prompt: list[int]
    policy: im.Policy
    need: Need
    sampling: Sampling
    stops: tuple[str, ...]
    tell: Callable[[Event], None]
    cancelled: threading.Event
