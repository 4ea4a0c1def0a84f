"""Counts in this process: exact among its threads, forgotten when it ends."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import count, islice

from sparing.plan.quota.clock import Clock
from sparing.plan.quota.spent import Spent, levels, pressure, refusal
from sparing.plan.quota.store import Ask, Granted, Pressure, Refused, Reservation, Scope, set_aside

_LOOKED_AT = 3  # of the longest untouched counts, for each that is new: what is held shrinks to what is in use


class MemoryQuota:
    """Implements `QuotaStore`.

    A count that says nothing any more (no request in the last minute, none open, no money this month) is forgotten as
    others come, so what is held is what is in use, however many tenants there are.

    Args:
        now: Unix time, never going backwards.
    """

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        self._now = now or Clock().now_s
        self._spent: OrderedDict[str, Spent] = OrderedDict()
        self._open: dict[int, Reservation] = {}
        self._ids = count(1)
        self._lock = threading.Lock()

    def reserve(self, scopes: Sequence[Scope], ask: Ask) -> Granted | Refused:
        with self._lock:
            now_s = self._now()
            second = int(now_s)
            num_held = len(self._spent)
            spent = [self._of(scope.name, second) for scope in scopes]
            num_new = len(self._spent) - num_held
            refused = refusal(scopes, spent, ask, now_s)
            if refused is not None:
                self._forget(second, num_new)
                return refused
            for used in spent:
                used.take(second, ask.tokens, ask.nusd, requests=ask.requests)
                used.streams += ask.requests
            made = set_aside(next(self._ids), tuple(scope.name for scope in scopes), second, ask)
            self._open[made.id] = made
            self._forget(second, num_new)
            return Granted(made, levels(scopes, spent, now_s))

    def settle(self, reservation: Reservation, tokens: int, nusd: int) -> None:
        with self._lock:
            if self._open.pop(reservation.id, None) is None:
                return
            second = int(self._now())
            for name in reservation.scopes:
                used = self._of(name, second)
                used.streams -= reservation.requests
                used.correct(reservation, second, tokens - reservation.tokens, nusd - reservation.nusd)

    def pressure(self, scopes: Sequence[Scope], ask: Ask) -> Pressure:
        with self._lock:
            second = int(self._now())
            spent = [self._spent.get(scope.name, Spent()).at(second) for scope in scopes]
            return pressure(scopes, spent, ask)

    def close(self) -> None:
        """Nothing is held."""

    @property
    def num_held(self) -> int:
        """Scopes that are in memory."""
        return len(self._spent)

    def _of(self, name: str, second: int) -> Spent:
        """The counts of a scope, as of now, moved to the end of those that may be forgotten."""
        used = self._spent.get(name)
        if used is None:
            used = self._spent[name] = Spent()
        else:
            self._spent.move_to_end(name)
        return used.at(second)

    def _forget(self, second: int, num_new: int) -> None:
        """Of the longest untouched, those that say nothing; the others have their turn again after all."""
        spent = self._spent
        for name in list(islice(spent, _LOOKED_AT * num_new)) if num_new else ():
            if spent[name].at(second).nothing:
                del spent[name]
            else:
                spent.move_to_end(name)
