"""How much of the reducible material to keep when no budget is given: one dial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sparing.settings.policy import Effort


@dataclass(frozen=True, slots=True)
class Target:
    """What one effort aims for.

    Attributes:
        kept: Share of the reducible tokens to keep when there is a question to judge them by.
        kept_blind: The same without a question, where dropping is a guess.
        kept_log: The same for logs, question or not: their reducer keeps every template and every error line at any
            budget, so there is little to lose below that.
        lossless: Whether only renditions that lose nothing are allowed.
        lossless_below_tokens: Texts shorter than this lose nothing: there is little to save in them.
        lossless_json_below_tokens: The same for JSON, which is dense: an agent may use any of its values later.
    """

    kept: float
    kept_blind: float
    kept_log: float
    lossless: bool = False
    lossless_below_tokens: int = 400
    lossless_json_below_tokens: int = 2000


TARGETS: Final[dict[Effort, Target]] = {
    "off": Target(1.0, 1.0, 1.0, lossless=True),
    "safe": Target(1.0, 1.0, 1.0, lossless=True),
    "balanced": Target(0.38, 0.6, 0.18),
    "max": Target(0.15, 0.3, 0.1, lossless_below_tokens=100, lossless_json_below_tokens=400),
}
