"""Reading that goes on where an earlier request of the same conversation ended.

Every turn of a conversation sends all of its messages again. What was found in them is remembered with the text that
it was found in: where a new body begins with the same text, its messages are the same nodes at the same offsets, and
only what is behind them is walked. Nothing but time depends on it. Equal text is the only way in, so nobody gets to
see what they did not send themselves.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sparing.receive.json_text import Node

_MOST_CHARS = 24_000_000
_MOST_BODIES = 128  # each is looked at when a large body comes
_LEAST_CHARS = 16_000  # shorter bodies are read faster than they are looked up
_LEAST_ELEMENTS = 4
_ELEMENT_CHARS = 400  # what the nodes of a message take beside their texts
_TAIL_CHARS = 64  # looked at before all of the text is


def is_large(source: str) -> bool:
    """Whether remembering a body can save more than it costs."""
    return len(source) >= _LEAST_CHARS


@dataclass(frozen=True, slots=True)
class Walk:
    """An array that was walked.

    Attributes:
        source: The body.
        walked: By which keys it was walked.
        start: Offset of the array.
        elements: Those that end where no longer body can go on with the same value.
        ends: One past each element.
        left: How many more values the walk would have taken, after each element.
    """

    source: str
    walked: Container[str]
    start: int
    elements: list[Node]
    left: list[int]
    ends: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ends.extend(element.end for element in self.elements)

    @property
    def num_chars(self) -> int:
        return len(self.source) + _ELEMENT_CHARS * len(self.elements)

    def num_common(self, source: str, beyond: int) -> int:
        """How many elements a body begins with, if they end behind an offset; else 0."""
        low = max(bisect_right(self.ends, beyond), 1)
        high = len(self.ends) - 1
        if low > high or not self._agrees(source, self.ends[low]):
            return 0
        if self._agrees(source, self.ends[high]):
            return high + 1
        while low < high - 1:  # it agrees at `low`, and not at `high`
            middle = (low + high) // 2
            if self._agrees(source, self.ends[middle]):
                low = middle
            else:
                high = middle
        return low + 1

    def _agrees(self, source: str, end: int) -> bool:
        tail = max(0, end - _TAIL_CHARS)
        return source[tail:end] == self.source[tail:end] and self.source.startswith(source[:end])


class Resumed(NamedTuple):
    """What of an earlier walk a new one takes over: the first elements of the array at `start`."""

    start: int
    elements: Sequence[Node]
    left: Sequence[int]
    walk: Walk | None = None


NOTHING = Resumed(-1, (), ())


class Walks:
    """The walks of the last large bodies. Safe to share between threads: what it gives away is not changed."""

    def __init__(self, most_chars: int = _MOST_CHARS, most_bodies: int = _MOST_BODIES) -> None:
        self._lock = Lock()
        self._most_chars = most_chars
        self._most_bodies = most_bodies
        self._walks: list[Walk] = []  # last used last
        self.num_chars = 0

    def resume(self, source: str, walked: Container[str]) -> Resumed:
        """The most that is known of how a body begins."""
        with self._lock:
            walks = self._walks[::-1]
        best, num, reached = None, 0, 0
        for walk in walks:
            common = walk.num_common(source, reached) if walk.walked is walked else 0
            if common:
                best, num, reached = walk, common, walk.ends[common - 1]
        return Resumed(best.start, best.elements[:num], best.left[:num], best) if best else NOTHING

    def keep(self, source: str, walked: Container[str], array: Node, left: Sequence[int], resumed: Resumed) -> None:
        """Remember the walk of an array, and no longer the one that it went on from."""
        if not isinstance(array.value, list):
            return
        num = len(array.value)
        while num and source[array.value[num - 1].end - 1] not in '"]}':  # 1 is how 12 begins
            num -= 1
        if num < _LEAST_ELEMENTS:
            return
        walk = Walk(source, walked, array.start, array.value[:num], list(left[:num]))
        with self._lock:
            earlier = resumed.walk
            if earlier is not None and len(resumed.elements) == len(earlier.elements):
                self._forget(earlier)
            self._walks.append(walk)
            self.num_chars += walk.num_chars
            while len(self._walks) > 1 and self._is_full():
                self._forget(self._walks[0])

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._walks.clear()
            self.num_chars = 0

    def _is_full(self) -> bool:
        return self.num_chars > self._most_chars or len(self._walks) > self._most_bodies

    def _forget(self, walk: Walk) -> None:
        for at, one in enumerate(self._walks):
            if one is walk:
                del self._walks[at]
                self.num_chars -= walk.num_chars
                return


WALKS = Walks()
"""Of this process."""
