"""Remember what turns became, by the digest of everything up to them, in bounded memory.

Nothing depends on it but time: what was forgotten is worked out again, with the same result.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from sparing.conversation.history import History
from sparing.conversation.outcome import TurnResult
from sparing.conversation.recent import Recent
from sparing.conversation.turns import Turn
from sparing.core.counter import Counter
from sparing.core.span import Span

_RESULTS_CHARS = 48_000_000
_HISTORIES_CHARS = 16_000_000  # a history takes some five bytes per character of its conversation
_TURNS_CHARS = 24_000_000  # texts that the turns share with the requests they came in (`receive.resume`)
_TOKENS_CHARS = 8_000_000


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


class Memory:
    """Turns, what they became, and histories that are ready for the next turn. Safe to share between threads."""

    def __init__(
        self,
        results_chars: int = _RESULTS_CHARS,
        histories_chars: int = _HISTORIES_CHARS,
        turns_chars: int = _TURNS_CHARS,
    ) -> None:
        self._lock = Lock()
        self._turns: Recent[Turn] = Recent(turns_chars)
        self._results: Recent[TurnResult] = Recent(results_chars)
        self._histories: Recent[History] = Recent(histories_chars)
        self._tokens: Recent[Tokens] = Recent(_TOKENS_CHARS)

    def turn(self, digest: bytes) -> Turn | None:
        """The turn with this digest, if it is remembered; what stands around it may have been of another length."""
        with self._lock:
            return self._turns.get(digest)

    def keep_turn(self, turn: Turn) -> None:
        with self._lock:
            self._turns.put(turn.digest, turn)

    def result(self, digest: bytes) -> TurnResult | None:
        """What the turn with this digest became, if it is remembered."""
        with self._lock:
            return self._results.get(digest)

    def keep_result(self, digest: bytes, result: TurnResult) -> None:
        with self._lock:
            self._results.put(digest, result)

    def tokens(self, turn: Turn, counter: Counter) -> int:
        """Tokens of everything in a turn, as it came."""
        if not turn.digest:
            return sum(span_tokens(span, counter) for span in turn.spans)
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
            for recent in (self._turns, self._results, self._histories, self._tokens):
                recent.clear()

    @property
    def num_chars(self) -> int:
        """How much text is remembered."""
        return self._turns.num_chars + self._results.num_chars + self._histories.num_chars + self._tokens.num_chars


MEMORY = Memory()
"""Of this process."""
