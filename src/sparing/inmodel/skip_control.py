"""Whether drafting pays, from the seconds that steps really took."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import median
from typing import Any

_PLAIN_STEPS = 4  # before the first draft: there is nothing to compare with until then
_TRIAL_ROUNDS = 4  # before a verdict; one alone is luck
_PLAIN_EVERY_ROUNDS = 32  # contexts grow, and so does what a plain step takes
_FIRST_REST_TOKENS = 64


@dataclass(slots=True)
class Control:
    """Compares the tokens a second of the latest drafted rounds with those of plain steps. Rests where drafting loses,
    twice as long each time.

    Attributes:
        always: Never rest, and never measure plain steps.
    """

    always: bool = False
    drafted: int = 0
    accepted: int = 0
    rounds: int = 0
    why: str = ""
    _plain_s: deque[float] = field(default_factory=lambda: deque(maxlen=8))
    _draft_s: deque[float] = field(default_factory=lambda: deque(maxlen=32))
    _verify_s: deque[float] = field(default_factory=lambda: deque(maxlen=32))
    _latest: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=8))
    _since_plain: int = 0
    _resting_tokens: int = 0
    _rest_tokens: int = _FIRST_REST_TOKENS

    def wants_draft(self) -> bool:
        """Whether to draft next."""
        if self.always:
            return True
        return (
            len(self._plain_s) >= _PLAIN_STEPS and not self._resting_tokens and self._since_plain < _PLAIN_EVERY_ROUNDS
        )

    def stepped(self, seconds: float) -> None:
        """A token was told without a draft."""
        self._plain_s.append(seconds)
        self._since_plain = 0
        self._resting_tokens = max(0, self._resting_tokens - 1)

    def checked(self, drafted: int, accepted: int, draft_s: float, verify_s: float) -> None:
        """A draft was checked: it gave the accepted tokens and one more."""
        self.drafted += drafted
        self.accepted += accepted
        self.rounds += 1
        self._since_plain += 1
        self._draft_s.append(draft_s / drafted)
        self._verify_s.append(verify_s)
        self._latest.append((accepted + 1, draft_s + verify_s))
        if not self.always and len(self._latest) >= _TRIAL_ROUNDS:
            self._judge()

    def rest(self, why: str) -> None:
        """Draft nothing for a while."""
        self.why = why
        self._resting_tokens, self._rest_tokens = self._rest_tokens, 2 * self._rest_tokens
        self._latest.clear()

    def _judge(self) -> None:
        tokens, seconds = (sum(part) for part in zip(*self._latest, strict=True))
        plain_s = median(self._plain_s)
        self.why = ""
        if seconds >= tokens * plain_s:
            self.rest(f"a token took {seconds / tokens * 1e3:.1f} ms with drafts, {plain_s * 1e3:.1f} ms without")

    def summary(self) -> dict[str, Any]:
        """What `Speculated` tells of it."""
        times = {"plain_s": self._plain_s, "draft_s": self._draft_s, "verify_s": self._verify_s}
        return {
            "drafted": self.drafted,
            "accepted": self.accepted,
            "rounds": self.rounds,
            "on": not self.why,
            "why": self.why,
            **{name: median(seconds) if seconds else 0.0 for name, seconds in times.items()},
        }
