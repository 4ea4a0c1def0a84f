"""Remember counts by content, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from threading import Lock

_ENTRIES = 16_384
_SHORT = 64  # below this many characters a text is its own key: hashing would cost more than it saves


class Memo:
    """A least-recently-used memo of ``text -> int`` keyed by content hash, so that it never holds long texts."""

    def __init__(self, compute: Callable[[str], int], entries: int = _ENTRIES) -> None:
        self._compute = compute
        self._entries = entries
        self._known: OrderedDict[str | bytes, int] = OrderedDict()
        self._lock = Lock()

    def __call__(self, text: str) -> int:
        key = text if len(text) < _SHORT else blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        value = self._compute(text)
        with self._lock:
            self._known[key] = value
            if len(self._known) > self._entries:
                self._known.popitem(last=False)
        return value

    def __len__(self) -> int:
        return len(self._known)
