"""Who is served next when there are more requests than an upstream takes at once.

A request of lower priority waits as if it had come later, by so many seconds per step of its rank: urgent ones go
first, and nobody waits forever. A line that is full turns away the request that would be served last, whoever that is.
Pure: the clock is the caller's.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, TypeVar

HANDICAP_S = 6.0  # per step of rank: `standard` (100) lets ten minutes of `interactive` (0) pass, `batch` (200) twenty

T = TypeVar("T")


@dataclass(slots=True, order=True)
class _Waiting(Generic[T]):
    key: tuple[float, int]
    item: T = field(compare=False)
    gone: bool = field(default=False, compare=False)


class Line(Generic[T]):
    """At most `capacity` served at once, at most `most_waiting` in line."""

    def __init__(self, capacity: int, most_waiting: int) -> None:
        self.capacity = capacity
        self.most_waiting = most_waiting
        self.num_served = 0
        self._number = count()
        self._heap: list[_Waiting[T]] = []
        self._waiting: dict[int, _Waiting[T]] = {}

    @property
    def num_waiting(self) -> int:
        return len(self._waiting)

    def num_before(self, rank: int, now_s: float) -> int:
        """Requests that a new one of this rank would find served or waiting before it."""
        key = now_s + rank * HANDICAP_S
        return self.num_served + sum(waiting.key[0] <= key for waiting in self._waiting.values())

    def enter(self, item: T, rank: int, now_s: float) -> tuple[bool, T | None]:
        """Join.

        Returns:
            Whether it is served at once, and who is turned away for it: maybe itself, None if nobody.
        """
        if self.num_served < self.capacity and not self._waiting:
            self.num_served += 1
            return True, None
        entry = _Waiting((now_s + rank * HANDICAP_S, next(self._number)), item)
        turned_away = None
        if len(self._waiting) >= self.most_waiting:
            last = max(self._waiting.values(), default=entry)
            if last < entry or not self._waiting:
                return False, item
            turned_away = last.item
            self._take_out(last)
        self._waiting[id(item)] = entry
        heapq.heappush(self._heap, entry)
        return False, turned_away

    def give_up(self, item: T) -> bool:
        """Leave the line without having been served; False if it was not in it."""
        entry = self._waiting.get(id(item))
        if entry is None:
            return False
        self._take_out(entry)
        return True

    def leave(self) -> T | None:
        """One that was served is done; whoever is served now, None if nobody waits."""
        self.num_served -= 1
        while self._heap and self.num_served < self.capacity:
            entry = heapq.heappop(self._heap)
            if not entry.gone:
                del self._waiting[id(entry.item)]
                self.num_served += 1
                return entry.item
        return None

    def _take_out(self, entry: _Waiting[T]) -> None:
        entry.gone = True
        del self._waiting[id(entry.item)]
        if len(self._heap) > 2 * len(self._waiting) + 64:
            self._heap = [one for one in self._heap if not one.gone]
            heapq.heapify(self._heap)
