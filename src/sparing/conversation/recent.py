"""A memory of bounded size that forgets what was used longest ago."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, Protocol, TypeVar

_ENTRY_CHARS = 500  # what an entry takes beside its text


class Sized(Protocol):
    @property
    def num_chars(self) -> int: ...


T = TypeVar("T", bound=Sized)


class Recent(Generic[T]):
    """The most recently used entries, up to a size in all."""

    def __init__(self, most_chars: int) -> None:
        self._most_chars = most_chars
        self._sizes: dict[bytes, int] = {}
        self._entries: OrderedDict[bytes, T] = OrderedDict()
        self.num_chars = 0

    def get(self, key: bytes) -> T | None:
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def pop(self, key: bytes) -> T | None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.num_chars -= self._sizes.pop(key)
        return entry

    def clear(self) -> None:
        self._entries.clear()
        self._sizes.clear()
        self.num_chars = 0

    def put(self, key: bytes, entry: T) -> None:
        self.pop(key)
        self._entries[key] = entry
        self._sizes[key] = entry.num_chars + _ENTRY_CHARS
        self.num_chars += self._sizes[key]
        while self.num_chars > self._most_chars and len(self._entries) > 1:
            self.pop(next(iter(self._entries)))
