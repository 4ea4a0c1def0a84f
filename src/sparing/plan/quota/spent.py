"""What one scope has used, and whether it may use more. Pure but for the counts that are handed in.

Limits per minute are a sliding window, counted by seconds: what was used in one second counts until that second has
been over for a whole minute. So no minute, wherever it begins, holds more than the limit; a token bucket of the same
size lets through up to twice as much. The price: a token is held for 60 to 61 seconds. Money is counted in calendar
days and months (UTC), as it is billed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Final

import msgspec

from sparing.plan.quota.store import Ask, Bounds, Level, Levels, Pressure, Refused, Reservation, Scope

_MINUTE_S: Final = 60
_DAY_S: Final = 86_400
_EPOCH: Final = date(1970, 1, 1).toordinal()
_STREAM_ENDS_S: Final = 1.0  # nobody knows when a stream ends; asked again after a second, one may have


class Spent(msgspec.Struct, array_like=True):
    """Counts of one scope.

    Attributes:
        seconds: (second, tokens, requests) of the last minute, oldest first; Unix time.
        tokens: Their sum.
        requests: Likewise.
        streams: Requests that are open.
        day: Days since 1970, of `day_nusd`.
        month: Months since year 0, of `month_nusd`.
    """

    seconds: list[tuple[int, int, int]] = []
    tokens: int = 0
    requests: int = 0
    streams: int = 0
    day: int = 0
    day_nusd: int = 0
    month: int = 0
    month_nusd: int = 0

    def at(self, second: int) -> Spent:
        """The same, without what is over by now. What lies ahead (the clock was set back) counts as of now."""
        oldest = second - _MINUTE_S
        if self.seconds and (self.seconds[0][0] < oldest or self.seconds[-1][0] > second):
            kept = [(min(when, second), tokens, requests) for when, tokens, requests in self.seconds if when >= oldest]
            self.seconds = kept
            self.tokens = sum(tokens for _, tokens, _ in kept)
            self.requests = sum(requests for _, _, requests in kept)
        today = second // _DAY_S
        if self.day != today:
            self._turn_page(today)
        return self

    @property
    def nothing(self) -> bool:
        """Whether forgetting it changes nothing."""
        return not (self.seconds or self.streams or self.day_nusd or self.month_nusd)

    def take(self, second: int, tokens: int, nusd: int, *, requests: int = 1) -> None:
        """Count a request; none, where a request that counts already is to have more."""
        self._add(second, tokens, requests)
        self.day_nusd += nusd
        self.month_nusd += nusd

    def correct(self, reservation: Reservation, second: int, tokens: int, nusd: int) -> None:
        """Add what a request used beyond what was set aside (negative: give back), where that was counted.

        What cannot be given back, since its minute or month is over, has been; what is more is counted now.
        """
        if tokens > 0:
            self._add(second, tokens, 0)
        elif tokens < 0:
            self._give_back(reservation.second, -tokens)
        then = reservation.second // _DAY_S
        if nusd > 0 or then == self.day:
            self.day_nusd = max(self.day_nusd + nusd, 0)
        if nusd > 0 or month_of(then) == self.month:
            self.month_nusd = max(self.month_nusd + nusd, 0)

    def _add(self, second: int, tokens: int, requests: int) -> None:
        seconds = self.seconds
        if seconds and seconds[-1][0] == second:
            _, had_tokens, had_requests = seconds[-1]
            seconds[-1] = (second, had_tokens + tokens, had_requests + requests)
        else:
            seconds.append((second, tokens, requests))
        self.tokens += tokens
        self.requests += requests

    def _give_back(self, second: int, tokens: int) -> None:
        for at, (when, had, requests) in enumerate(self.seconds):
            if when == second:
                given = min(tokens, had)
                self.seconds[at] = (when, had - given, requests)
                self.tokens -= given

    def _turn_page(self, today: int) -> None:
        month = month_of(today)
        if today > self.day:
            self.day_nusd = 0
        if month > self.month:
            self.month_nusd = 0
        self.day, self.month = today, month


def refusal(scopes: Sequence[Scope], spent: Sequence[Spent], ask: Ask, now_s: float) -> Refused | None:
    """Why a request cannot be granted, and when it can: by the limit that keeps it longest; None if it can.

    Args:
        spent: Of each scope, as of now.
    """
    worst: tuple[float, str, int] | None = None
    for scope, used in zip(scopes, spent, strict=True):
        for words, limit, wait_s in _waits(scope.bounds, used, ask, now_s):
            if worst is None or wait_s > worst[0]:
                worst = (wait_s, f"{words} of {scope.name}", limit)
    if worst is None:
        return None
    wait_s, limit_name, allowed = worst
    return Refused(limit_name, allowed, None if wait_s == _NEVER else wait_s, levels(scopes, spent, now_s))


_NEVER: Final = float("inf")


def _waits(bounds: Bounds, used: Spent, ask: Ask, now_s: float) -> Iterator[tuple[str, int, float]]:
    """The limits that a request would break, and how long each keeps it."""
    limit = bounds.tokens_per_minute
    if limit is not None and used.tokens + ask.tokens > limit:
        yield "tokens per minute", limit, _frees_s(used, 1, used.tokens + ask.tokens - limit, now_s)
    limit = bounds.requests_per_minute
    if limit is not None and not ask.more and used.requests + 1 > limit:
        yield "requests per minute", limit, _frees_s(used, 2, used.requests + 1 - limit, now_s)
    limit = bounds.streams
    if limit is not None and not ask.more and used.streams + 1 > limit:
        yield "open requests", limit, _STREAM_ENDS_S
    limit = bounds.nusd_per_day
    if limit is not None and used.day_nusd + ask.nusd > limit:
        yield "money per day", limit, _NEVER if ask.nusd > limit else (used.day + 1) * _DAY_S - now_s
    limit = bounds.nusd_per_month
    if limit is not None and used.month_nusd + ask.nusd > limit:
        yield "money per month", limit, _NEVER if ask.nusd > limit else _first_day(used.month + 1) * _DAY_S - now_s


def _frees_s(used: Spent, column: int, excess: int, now_s: float) -> float:
    """Until so much of the last minute is over."""
    for entry in used.seconds:
        excess -= entry[column]
        if excess <= 0:
            return entry[0] + _MINUTE_S + 1 - now_s
    return _NEVER


def pressure(scopes: Sequence[Scope], spent: Sequence[Spent], ask: Ask) -> Pressure:
    """See `QuotaStore.pressure`."""
    most, name = 0.0, ""
    for scope, used in zip(scopes, spent, strict=True):
        bounds = scope.bounds
        for words, limit, taken in (
            ("tokens per minute", bounds.tokens_per_minute, used.tokens + ask.tokens),
            ("money per day", bounds.nusd_per_day, used.day_nusd + ask.nusd),
            ("money per month", bounds.nusd_per_month, used.month_nusd + ask.nusd),
        ):
            if limit is not None and taken / limit > most:
                most, name = taken / limit, f"{words} of {scope.name}"
    return Pressure(most, name)


def levels(scopes: Sequence[Scope], spent: Sequence[Spent], now_s: float) -> Levels:
    """How full the tightest limits per minute are."""
    tokens: tuple[int, Spent] | None = None
    requests: tuple[int, Spent] | None = None
    for scope, used in zip(scopes, spent, strict=True):
        limit = scope.bounds.tokens_per_minute
        if limit is not None and (tokens is None or limit - used.tokens < tokens[0] - tokens[1].tokens):
            tokens = limit, used
        limit = scope.bounds.requests_per_minute
        if limit is not None and (requests is None or limit - used.requests < requests[0] - requests[1].requests):
            requests = limit, used
    return Levels(
        _level(tokens[0], tokens[1].tokens, tokens[1], now_s) if tokens else None,
        _level(requests[0], requests[1].requests, requests[1], now_s) if requests else None,
    )


def _level(limit: int, taken: int, used: Spent, now_s: float) -> Level:
    reset_s = used.seconds[-1][0] + _MINUTE_S + 1 - now_s if used.seconds and taken else 0.0
    return Level(limit, max(limit - taken, 0), reset_s)


@lru_cache(maxsize=64)
def month_of(day: int) -> int:
    """Months since year 0 of a day since 1970."""
    when = date.fromordinal(day + _EPOCH)
    return when.year * 12 + when.month - 1


def _first_day(month: int) -> int:
    """Days since 1970 of the first day of a month since year 0."""
    return date(month // 12, month % 12 + 1, 1).toordinal() - _EPOCH
