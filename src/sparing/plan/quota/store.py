"""The contract of whatever keeps count: this process, a file that several share, a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

NUSD: Final = 1_000_000_000  # money is counted in whole billionths of a dollar: sums of these are exact


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of one scope; None where there is none."""

    tokens_per_minute: int | None = None
    requests_per_minute: int | None = None
    streams: int | None = None
    nusd_per_day: int | None = None
    nusd_per_month: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Something that has limits: ``tenant acme``, ``key acme/web/alice``, ``policy support``."""

    name: str
    bounds: Bounds


class Ask(msgspec.Struct, frozen=True):
    """What a request may use.

    Attributes:
        tokens: Prompt and answer, the answer at its ceiling.
        nusd: What that costs.
        sure_tokens: What counts if nobody ever says how it ended: the prompt, which was sent.
        sure_nusd: Likewise.
        more: Of a request that was let in already: by itself it is no request and nothing that is open.
    """

    tokens: int = 0
    nusd: int = 0
    sure_tokens: int = 0
    sure_nusd: int = 0
    more: bool = False

    @property
    def requests(self) -> int:
        """As so many it counts."""
        return 0 if self.more else 1


class Reservation(msgspec.Struct, frozen=True, array_like=True):
    """What was set aside, and when. `id` is the store's own."""

    id: int
    scopes: tuple[str, ...]
    second: int
    tokens: int
    nusd: int
    sure_tokens: int
    sure_nusd: int
    requests: int = 1


def set_aside(number: int, scopes: tuple[str, ...], second: int, ask: Ask) -> Reservation:
    """What was asked for, set aside in these scopes."""
    return Reservation(number, scopes, second, ask.tokens, ask.nusd, ask.sure_tokens, ask.sure_nusd, ask.requests)


class Level(msgspec.Struct, frozen=True):
    """How full a limit per minute is.

    Attributes:
        reset_s: Until nothing of it is used, if nothing more is asked.
    """

    limit: int
    remaining: int
    reset_s: float


class Levels(msgspec.Struct, frozen=True):
    """The tightest limits of a request; None where it has none."""

    tokens: Level | None = None
    requests: Level | None = None


class Granted(msgspec.Struct, frozen=True):
    reservation: Reservation
    levels: Levels


class Refused(msgspec.Struct, frozen=True):
    """Nothing was set aside.

    Attributes:
        limit: Which limit says no, in words: ``tokens per minute of tenant acme``.
        allowed: How much that allows.
        wait_s: After so long the same request would be granted if nobody else asked and nothing was given back; None:
            never, it is larger than the limit. Where streams are the limit nobody knows when one ends: a second.
    """

    limit: str
    allowed: int
    wait_s: float | None
    levels: Levels


class Pressure(msgspec.Struct, frozen=True):
    """How near the nearest limit is that a smaller request would be kinder to: tokens and money.

    Attributes:
        share: Used of it, this request included; above 1 where it would be refused.
        limit: Which one, in words; "" where there is none.
    """

    share: float = 0.0
    limit: str = ""


class QuotaStore(Protocol):
    """Keeps count. All of a call happens at once: two callers never both get what is there once.

    Raises `QuotaUnavailable` where the count cannot be kept.
    """

    def reserve(self, scopes: Sequence[Scope], ask: Ask) -> Granted | Refused:
        """Set aside what a request may use, in every scope or in none."""
        ...

    def settle(self, reservation: Reservation, tokens: int, nusd: int) -> None:
        """Put what was really used in place of what was set aside. A second time changes nothing."""
        ...

    def pressure(self, scopes: Sequence[Scope], ask: Ask) -> Pressure:
        """How near the limits are, with this request."""
        ...

    def close(self) -> None: ...
