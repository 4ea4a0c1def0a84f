"""Levels of thought, weakest first, and what they are in tokens where a provider counts those."""

from __future__ import annotations

from typing import Final

LEVELS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
# Most tokens of thought at a level. Anthropic's least is 1,024.
BUDGETS: Final = {"none": 0, "minimal": 1024, "low": 1024, "medium": 4096, "high": 16_384}


def is_more(level: str, than: str) -> bool:
    """Whether a level is above another; neither is where one of them is not known."""
    return level in LEVELS and than in LEVELS and LEVELS.index(level) > LEVELS.index(than)


def level_of(tokens: int) -> str:
    """The weakest level that allows so many tokens; a negative number means as many as the model likes."""
    if tokens < 0:
        return "high"
    return next((level for level, most in BUDGETS.items() if level != "minimal" and tokens <= most), "high")
