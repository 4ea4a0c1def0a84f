"""What is known of a text whatever is asked of it: for templates, documents and results that come again.

Conversations remember what their turns became (`conversation/memory.py`), which depends on the question. Another
session with the same document and another question finds here what does not: what kind of text it is, where its
sentences are, its tokens, its words. All are pure functions of the text, so nobody learns what another one sent, and
nothing depends on it but time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from hashlib import blake2b
from threading import Lock
from typing import Any, Generic, TypeVar
from weakref import WeakSet

T = TypeVar("T")

_FEWEST_CHARS = 2_000  # of a shorter text it is known sooner than it is found
_MOST_CHARS = 8_000_000


class Fragments(Generic[T]):
    """The values of one function, by the digest of the text; those of the least recently used texts go first.

    Attributes:
        hits: Values that were known.
        misses: Values that had to be worked out, of texts that are long enough.
    """

    def __init__(self, most_chars: int = _MOST_CHARS) -> None:
        self.hits = self.misses = 0
        self._most_chars = most_chars
        self._num_chars = 0
        self._lock = Lock()
        self._known: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        _ALL.add(self)

    def of(self, text: str, compute: Callable[[], T], *also: Hashable) -> T:
        """The value for a text; what is computed is shared, and must not be changed.

        Args:
            also: What else it depends on.
        """
        if len(text) < _FEWEST_CHARS:
            return compute()
        key = (blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest(), *also)
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
                self.hits += 1
                return found[0]
        value = compute()
        with self._lock:
            self.misses += 1
            if key not in self._known and len(text) <= self._most_chars:
                self._known[key] = (value, len(text))
                self._num_chars += len(text)
            while self._num_chars > self._most_chars:
                self._num_chars -= self._known.popitem(last=False)[1][1]
        return value

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._known.clear()
            self._num_chars = 0


_ALL: WeakSet[Fragments[Any]] = WeakSet()


def forget_fragments() -> None:
    """Forget what is known of any text: for measurements of the first time."""
    for fragments in list(_ALL):
        fragments.clear()
