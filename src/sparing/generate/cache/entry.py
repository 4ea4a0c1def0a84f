"""An answer that was kept."""

from __future__ import annotations

import msgspec

_BESIDE_BYTES = 700  # what an entry takes beside its texts, in this process


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One whole, successful answer and whose it is.

    Attributes:
        key: Of the request (`asked.Asked`).
        body: As it came.
        ends: Where in `body` the pieces end that it is given out in: events of a stream, else what came at once.
        created_s: Unix time at which the answer was complete; likewise `expires_s`.
    """

    key: bytes
    tenant: str
    status: int
    content_type: str
    body: bytes
    ends: tuple[int, ...]
    created_s: float
    expires_s: float

    @property
    def size_bytes(self) -> int:
        return len(self.body) + 8 * len(self.ends) + _BESIDE_BYTES

    def is_fresh(self, now_s: float) -> bool:
        """Not after its time, and not from the future: a clock that was set back makes nothing live longer."""
        return self.created_s - 1.0 <= now_s < self.expires_s

    def is_for(self, key: bytes, tenant: str) -> bool:
        return self.key == key and self.tenant == tenant
