"""Remember what turns became, by the digest of everything up to them, in bounded memory.

Nothing depends on it but time: what was forgotten is worked out again, with the same result.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Generic, Protocol, TypeVar

from sparing.conversation.history import History
from sparing.conversation.outcome import TurnResult
from sparing.conversation.turns import Turn
from sparing.core.counter import Counter
from sparing.core.span import Span

_RESULTS_CHARS = 48_000_000
_HISTORIES_CHARS = 16_000_000  # a history takes some five bytes per character of its conversation
_TOKENS_CHARS = 8_000_000
_ENTRY_CHARS = 500  # what an entry takes beside its text


@dataclass(frozen=True, slots=True)
class Tokens:
    """How many tokens a turn has as it came."""

    num: int

    @property
    def num_chars(self) -> int:
        return 0


def span_tokens(span: Span, counter: Counter) -> int:
    """Tokens of a span, text or not."""
    return span.tokens if span.tokens >= 0 else counter.count(span.text)


class _Sized(Protocol):
    @property
    def num_chars(self) -> int: ...


T = TypeVar("T", bound=_Sized)


class Memory:
    """Results of turns, and histories that are ready for the next turn. Safe to share between threads."""

    def __init__(self, results_chars: int = _RESULTS_CHARS, histories_chars: int = _HISTORIES_CHARS) -> None:
        self._lock = Lock()
        self._results: _Recent[TurnResult] = _Recent(results_chars)
        self._histories: _Recent[History] = _Recent(histories_chars)
        self._tokens: _Recent[Tokens] = _Recent(_TOKENS_CHARS)

    def result(self, digest: bytes) -> TurnResult | None:
        """What the turn with this digest became, if it is remembered."""
        with self._lock:
            return self._results.get(digest)

    def keep_result(self, digest: bytes, result: TurnResult) -> None:
        with self._lock:
            self._results.put(digest, result)

    def tokens(self, turn: Turn, counter: Counter) -> int:
        """Tokens of everything in a turn, as it came."""
        with self._lock:
            known = self._tokens.get(turn.digest)
        if known is None:
            known = Tokens(sum(span_tokens(span, counter) for span in turn.spans))
            with self._lock:
                self._tokens.put(turn.digest, known)
        return known.num

    def take_history(self, digest: bytes) -> History | None:
        """The history up to the turn with this digest, for one taker: it grows in place."""
        with self._lock:
            return self._histories.pop(digest)

    def keep_history(self, digest: bytes, history: History) -> None:
        with self._lock:
            self._histories.put(digest, history)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            for recent in (self._results, self._histories, self._tokens):
                recent.clear()

    @property
    def num_chars(self) -> int:
        """How much text is remembered."""
        return self._results.num_chars + self._histories.num_chars + self._tokens.num_chars


class _Recent(Generic[T]):
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


MEMORY = Memory()
"""Of this process."""
