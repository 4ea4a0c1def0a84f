"""What is worked out about tool definitions once: the same tools come with every turn of every conversation."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from threading import Lock
from typing import Generic, TypeVar

from sparing.core.ladder import Skip
from sparing.reducers.tool_schemas import NAME, shorten_tool
from sparing.settings.policy import Effort

_log = logging.getLogger("sparing")
_MOST_CHARS = 8_000_000

T = TypeVar("T")


class Memo(Generic[T]):
    """Values by the hash of the texts that they follow from; the least recently used are forgotten first.

    Args:
        most: Sum of the sizes of what is kept.
        size: Of a value.
    """

    def __init__(self, most: int, size: Callable[[T], int]) -> None:
        self._most = most
        self._size = size
        self._sum = 0
        self._known: OrderedDict[bytes, T] = OrderedDict()
        self._lock = Lock()

    def get(self, texts: Sequence[str], compute: Callable[[], T]) -> T:
        """The value for these texts, computed if it is not known."""
        key = _digest(texts)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        value = compute()
        with self._lock:
            if key not in self._known:
                self._known[key] = value
                self._sum += self._size(value)
            while self._sum > self._most:
                self._sum -= self._size(self._known.popitem(last=False)[1])
        return value


def _digest(texts: Sequence[str]) -> bytes:
    digest = blake2b(digest_size=20)
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.digest()


_shorter: Memo[str] = Memo(_MOST_CHARS, len)


def shortened(text: str, effort: Effort, pins: tuple[str, ...] = ()) -> str:
    """The definition as `shorten_tool` makes it, or itself; remembered. Fails open: what raises stays as it is."""
    return _shorter.get((text, effort, *pins), lambda: _shorten(text, effort, pins))


def _shorten(text: str, effort: Effort, pins: tuple[str, ...]) -> str:
    try:
        short = shorten_tool(text, effort, pins)
    except Exception:  # the seam of `offer.propose`: whatever goes wrong here, the request goes on
        _log.exception("%s failed on %d characters", NAME, len(text))
        return text
    return text if isinstance(short, Skip) else short
