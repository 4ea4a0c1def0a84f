"""Remember what the encoder read, in bounded memory."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Reading:
    """What the encoder made of a passage, as logits: of the passage, and of each of its units (mean of its tokens)."""

    passage: float
    units: tuple[float, ...]


class Memo(Generic[V]):
    """The newest values by key, the least recently used going first. Safe to share between threads.

    Args:
        most: Values kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._values: OrderedDict[bytes, V] = OrderedDict()

    def get(self, key: bytes) -> V | None:
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: bytes, value: V) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._values.clear()


def reading_key(question: Sequence[int], units: Sequence[Sequence[int]]) -> bytes:
    """Of a question and a passage cut into units, all as piece numbers."""
    digest = blake2b(array("i", question).tobytes(), digest_size=16)
    for unit in units:
        digest.update(array("i", [-len(unit), *unit]).tobytes())
    return digest.digest()


READINGS: Memo[Reading] = Memo(20_000)
"""Of this process: about 10 MB."""
