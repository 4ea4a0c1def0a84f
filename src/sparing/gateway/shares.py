"""What an effort keeps and loses of a prompt, and what a provider's cache knows of the rest, learned by policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sparing.core.budget import Mode
from sparing.gateway.exchange import Exchange
from sparing.plan.candidates import Sending
from sparing.settings.policy import Effort

# Until requests have shown what an effort keeps and loses of a prompt.
_KEPT: Final[Mapping[Effort, float]] = {"off": 1.0, "safe": 0.95, "balanced": 0.7, "max": 0.5}
_LOST: Final[Mapping[Effort, float]] = {"off": 0.0, "safe": 0.0, "balanced": 0.01, "max": 0.03}
_LEARNED = 0.05  # weight of the newest request
_MOST_KINDS = 4_096

Kind = tuple[str, Effort, bool]
"""A policy, an effort, and whether it is a conversation's first turn."""


@dataclass(slots=True)
class _Known:
    kept: float
    lost: float
    cached: float = 0.0


class Shares:
    """Of every kind of request."""

    def __init__(self) -> None:
        self._known: dict[Kind, _Known] = {}

    def sending(self, kind: Kind, tokens: int) -> Sending:
        """What becomes of a prompt of so many tokens."""
        effort, known = kind[1], self._known.get(kind)
        if known is None:
            return Sending(effort, max(1, int(tokens * _KEPT[effort])), 0, _LOST[effort])
        sent = max(1, int(tokens * known.kept))
        return Sending(effort, sent, int(sent * known.cached), known.lost)

    def learn(self, kind: Kind, exchange: Exchange) -> None:
        """Learn from a request that is over, where anything was measured."""
        receipt, usage = exchange.receipt, exchange.usage
        if receipt is None or not receipt.tokens_before or exchange.mode is not Mode.ON:
            return
        known = self._known.get(kind)
        if known is None:
            if len(self._known) >= _MOST_KINDS:
                self._known.pop(next(iter(self._known)))
            known = self._known[kind] = _Known(_KEPT[kind[1]], _LOST[kind[1]])
        known.kept += _LEARNED * (receipt.kept - known.kept)
        if receipt.expected_loss >= 0:
            known.lost += _LEARNED * (receipt.expected_loss - known.lost)
        if usage.input_tokens > 0 and usage.cache_read_tokens >= 0:
            known.cached += _LEARNED * (min(1.0, usage.cache_read_tokens / usage.input_tokens) - known.cached)
