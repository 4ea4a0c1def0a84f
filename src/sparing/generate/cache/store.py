"""Where answers are kept."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sparing.generate.cache.entry import Entry


@dataclass(frozen=True, slots=True)
class StoreStats:
    """How much a store holds.

    Attributes:
        tenants: Tenant to the number of its entries.
    """

    num_bytes: int
    tenants: Mapping[str, int]

    @property
    def num_entries(self) -> int:
        return sum(self.tenants.values())


class Store(Protocol):
    """Entries by key. One that fails raises `RecordError`, and the request goes on without it."""

    async def get(self, key: bytes) -> Entry | None:
        """The entry, whether its time is over or not; None if there is none, or it is not as it was put."""
        ...

    async def put(self, entry: Entry) -> None:
        """Keep it in place of one with the same key; the ones used longest ago give way."""
        ...

    async def purge(self, tenant: str = "") -> int:
        """Delete a tenant's entries, or all; how many that were."""
        ...

    async def stats(self) -> StoreStats: ...

    async def aclose(self) -> None: ...


class MemoryStore:
    """Of this process; gone when it ends.

    Args:
        max_entries: Most entries, of all tenants together.
        max_bytes: Most bytes, what Python takes beside the answers estimated. A larger entry is not kept.
    """

    def __init__(self, *, max_entries: int, max_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        self._num_bytes = 0

    async def get(self, key: bytes) -> Entry | None:
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    async def put(self, entry: Entry) -> None:
        self._drop(entry.key)
        if entry.size_bytes > self._max_bytes:
            return
        self._entries[entry.key] = entry
        self._num_bytes += entry.size_bytes
        while len(self._entries) > self._max_entries or self._num_bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    async def purge(self, tenant: str = "") -> int:
        keys = [key for key, entry in self._entries.items() if tenant in ("", entry.tenant)]
        for key in keys:
            self._drop(key)
        return len(keys)

    async def stats(self) -> StoreStats:
        return StoreStats(self._num_bytes, Counter(entry.tenant for entry in self._entries.values()))

    async def aclose(self) -> None:
        self._entries.clear()
        self._num_bytes = 0

    def _drop(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._num_bytes -= entry.size_bytes
