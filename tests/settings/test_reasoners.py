"""What is known of models that can be told how much to think."""

from __future__ import annotations

from typing import get_args

import pytest

from sparing.receive.depth.reasoning import dial_in
from sparing.settings.policies import Reasoning
from sparing.settings.reasoners import REASONERS, reasoner_for

LEVELS = get_args(Reasoning)


@pytest.mark.parametrize(
    ("model", "seller", "dial", "levels", "default"),
    [
        ("gpt-5-mini-2025-08-07", "openai", "effort", ("minimal", "low", "medium", "high"), "medium"),
        ("gpt-5.1", "openai", "effort", ("none", "low", "medium", "high"), "none"),
        ("gpt-6.1-sol", "openai", "effort", ("low", "medium", "high"), "medium"),
        ("openai/gpt-5", "openrouter", "reasoning", ("none", "low", "medium", "high"), None),
        ("claude-sonnet-4-5-20250929", "anthropic", "budget", ("none", "low", "medium", "high"), "none"),
        ("claude-opus-4-8", "anthropic", "adaptive", ("none", "low", "medium", "high"), "none"),
        ("claude-opus-5-5", "anthropic", "adaptive", ("low", "medium", "high"), "medium"),
        ("gemini-2.5-flash-lite", "google", "tokens", ("none", "low", "medium", "high"), "none"),
        ("gemini-3-pro-preview", "google", "level", ("low", "high"), "high"),
        ("deepseek-v4-pro", "deepseek", "toggle", ("none", "low", "high"), "high"),
        ("Qwen/Qwen3-8B", "vllm", "template", ("none", "high"), "high"),
    ],
)
def test_models_are_found_by_their_names(
    model: str, seller: str, dial: str, levels: tuple[str, ...], default: str | None
) -> None:
    """Dated, with their maker in front, in whatever case."""
    row = reasoner_for(model, seller)
    assert row is not None
    assert (row.dial, row.levels, row.default) == (dial, levels, default)


@pytest.mark.parametrize(
    ("model", "seller"),
    [("gpt-4o", "openai"), ("gpt-5-pro", "openai"), ("gpt-5", "anthropic"), ("smollm2", "embedded"), ("x" * 999, "")],
)
def test_what_takes_no_level_has_no_row(model: str, seller: str) -> None:
    """Nothing is sent to it."""
    assert reasoner_for(model, seller) is None


def test_rows_are_sound() -> None:
    """Levels rise and are known, the default is one of them."""
    for row in REASONERS:
        assert list(row.levels) == [level for level in LEVELS if level in row.levels]
        assert row.default is None or row.default in row.levels
        assert dial_in(row.dial, "openai.chat") is not None
