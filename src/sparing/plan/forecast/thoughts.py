"""What a depth costs: tokens of thought at each level, and how much shorter a brief answer is, learned by tier."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from typing import Final

from sparing.plan.forecast.answer_length import AnswerLengths

# Tokens, until any were seen: guesses, each level about four times the one below it.
_START: Final = {"minimal": 64.0, "low": 256.0, "medium": 1024.0, "high": 4096.0}
_BRIEF, _BRIEF_WEIGHT = 0.6, 5.0  # share of its length, as if so many answers had shown it
_MOST_SEEN = 200.0


class Thoughts:
    """Of all tiers."""

    def __init__(self) -> None:
        self._levels = {level: AnswerLengths(start_tokens=tokens) for level, tokens in _START.items()}
        self._brief: dict[str, tuple[float, float]] = {}

    def observe(self, tier: str, level: str, tokens: int) -> None:
        """Note the tokens of thought of one answer at a level."""
        if level in self._levels:
            self._levels[level].observe(tier, max(1, tokens))
            self.tokens(tier, level)  # worked out now, and not when a request asks

    def tokens(self, tier: str, level: str, num: int = 5) -> Sequence[float]:
        """So many equally likely numbers of tokens, rising; none for a level without thought."""
        return self._levels[level].lengths(tier, num) if level in self._levels else ()

    def observe_brief(self, tier: str, tokens: int, usual_tokens: float) -> None:
        """Note the length of one answer that was to be brief, and what would have been usual."""
        mean, weight = self._brief.get(tier, (log(_BRIEF), _BRIEF_WEIGHT))
        ratio = min(2.0, max(0.05, tokens / max(1.0, usual_tokens)))
        weight = min(weight + 1, _MOST_SEEN)
        self._brief[tier] = mean + (log(ratio) - mean) / weight, weight

    def brief_factor(self, tier: str) -> float:
        """How long a brief answer is in proportion to a usual one."""
        return min(1.0, exp(self._brief.get(tier, (log(_BRIEF), 0.0))[0]))
