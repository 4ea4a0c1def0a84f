"""Tool definitions shortened once: the same tools come with every turn of every conversation."""

from __future__ import annotations

import logging
from collections import OrderedDict
from hashlib import blake2b
from threading import Lock

from sparing.core.ladder import Skip
from sparing.reducers.tool_schemas import NAME, shorten_tool
from sparing.settings.tree import Effort

_log = logging.getLogger("sparing")
_MOST_CHARS = 8_000_000


class _Memo:
    """Shortened definitions by content hash, the least recently used forgotten first; bounded by characters."""

    def __init__(self, most_chars: int) -> None:
        self._most_chars = most_chars
        self._chars = 0
        self._known: OrderedDict[bytes, str] = OrderedDict()
        self._lock = Lock()

    def get(self, key: bytes) -> str | None:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        return None

    def put(self, key: bytes, text: str) -> None:
        with self._lock:
            if key not in self._known and len(text) <= self._most_chars:
                self._known[key] = text
                self._chars += len(text)
            while self._chars > self._most_chars:
                _, gone = self._known.popitem(last=False)
                self._chars -= len(gone)


_memo = _Memo(_MOST_CHARS)


def shortened(text: str, effort: Effort, pins: tuple[str, ...] = ()) -> str:
    """The definition as `shorten_tool` makes it, or itself; remembered. Fails open: what raises stays as it is."""
    if effort == "off":
        return text
    key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20, salt=effort.encode(), key=_pin_key(pins))
    if (known := _memo.get(key.digest())) is not None:
        return known
    try:
        short = shorten_tool(text, effort, pins)
    except Exception as error:  # the seam of `offer.propose`: whatever goes wrong here, the request goes on
        _log.exception("%s failed on %d characters", NAME, len(text))
        short = Skip(f"{NAME} failed: {type(error).__name__}")
    result = text if isinstance(short, Skip) else short
    _memo.put(key.digest(), result)
    return result


def _pin_key(pins: tuple[str, ...]) -> bytes:
    return blake2b("\0".join(pins).encode("utf-8", "surrogatepass"), digest_size=32).digest() if pins else b""
