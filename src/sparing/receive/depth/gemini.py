"""Gemini's requests: a level since Gemini 3, a number of tokens in 2.5. Not both: the API refuses that.

Source: ai.google.dev/gemini-api/docs/thinking, looked up on 2026-11-26.
"""

from __future__ import annotations

from typing import Literal

from sparing.receive.depth.body import Body
from sparing.receive.depth.levels import BUDGETS
from sparing.settings.policies import Reasoning


def set_thinking(form: Body, level: Reasoning, dial: Literal["level", "tokens"]) -> None:
    """Put the level or the tokens, spelled as the request spells; a request that says it the other way is left."""
    snake = form.get("generation_config") is not None
    config = "generation_config" if snake else "generationConfig"
    inner = next((key for key in ("thinkingConfig", "thinking_config") if form.get(config, key)), "")
    inner = inner or ("thinking_config" if snake else "thinkingConfig")
    budgets = [key for key in ("thinkingBudget", "thinking_budget") if form.get(config, inner, key)]
    levels = [key for key in ("thinkingLevel", "thinking_level") if form.get(config, inner, key)]
    if dial == "level" and not budgets:
        key = levels[0] if levels else "thinking_level" if inner == "thinking_config" else "thinkingLevel"
        form.put(f'"{level}"', config, inner, key)
    elif dial == "tokens" and not levels:
        key = budgets[0] if budgets else "thinking_budget" if inner == "thinking_config" else "thinkingBudget"
        form.put(str(BUDGETS[level]), config, inner, key)
