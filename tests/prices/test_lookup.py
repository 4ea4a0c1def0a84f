"""Prices by the names that people write."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparing.errors import SettingsError
from sparing.prices.lookup import prices_for
from sparing.prices.table import rows_of

OWN = """
[openai]
as_of = 2026-10-01
rows = [{ models = ["gpt-4o"], input_usd = 1, output_usd = 2 }]

[acme]
as_of = 2026-10-01
source = "our contract"
cache = "automatic"
rows = [
    { models = ["acme-*"], input_usd = 3.0, output_usd = 4.0, cache_read_usd = 0.5, cache_write_usd = { 600 = 5 } },
]
"""


def _input_usd(model: str, provider: str = "", **more: int | str) -> float | None:
    prices = prices_for(model, provider, **more)
    return None if prices is None else prices.input_usd


@pytest.mark.parametrize(
    ("model", "provider", "usd"),
    [
        ("gpt-4o", "", 2.5),
        ("GPT-4o", "OpenAI", 2.5),
        ("gpt-4o-2024-08-06", "", 2.5),
        ("gpt-4o-2024-05-13", "", 5.0),
        ("gpt-4o-mini-2024-07-18", "", 0.15),
        ("gpt-5-pro", "", 15.0),
        ("o3-mini-2025-01-31", "", 1.1),
        ("claude-sonnet-4-5-20250929", "anthropic", 3.0),
        ("claude-sonnet-4-5@20250929", "", 3.0),
        ("claude-haiku-4-5-latest", "", 1.0),
        ("anthropic/claude-sonnet-4.5", "openrouter", 3.0),
        ("openrouter/anthropic/claude-sonnet-4.5", "", 3.0),
        ("google/gemini-2.5-flash", "openrouter", 0.3),
        ("models/gemini-2.5-flash-preview-09-2025", "", 0.3),
        ("gemini/gemini-2.5-flash", "", 0.3),
        ("mistralai/codestral-2508", "", 0.3),
        ("deepseek/deepseek-v4-pro", "", 0.66),
        ("meta-llama/Llama-3.1-8B-Instruct", "vllm", 0.0),
        ("qwen3:8b", "ollama", 0.0),
        ("anything", "embedded", 0.0),
    ],
)
def test_a_model_is_found_by_any_of_its_names(model: str, provider: str, usd: float) -> None:
    """Dated, moving, with its maker in front, in any case."""
    assert _input_usd(model, provider) == usd


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("gpt-5-turbo", ""),  # begins with gpt-5 and is another model
        ("gpt-4o-audio-preview", ""),
        ("ft:gpt-4o-2024-08-06:acme::id", ""),  # fine-tuned models cost more
        ("anthropic/claude-sonnet-4.5:thinking", "openrouter"),
        ("deepseek/deepseek-v4-pro", "openrouter"),  # open weights: the host decides
        ("gpt-4o", "azure"),
        ("azure/gpt-4o", ""),
        ("qwen3:8b", ""),
        ("", ""),
        ("/", ""),
        ("*", ""),
    ],
)
def test_what_is_not_in_the_table_has_no_price(model: str, provider: str) -> None:
    """No row, no figure; no other model's price instead."""
    assert prices_for(model, provider) is None


def test_a_long_prompt_has_its_own_price() -> None:
    """Gemini 2.5 Pro costs twice as much from 200,001 tokens on."""
    assert _input_usd("gemini-2.5-pro", prompt_tokens=200_000) == 1.25
    assert _input_usd("gemini-2.5-pro", prompt_tokens=200_001) == 2.5


def test_the_users_rows_win(tmp_path: Path) -> None:
    """Also over the lengths of a shipped family; what they do not name stays as shipped."""
    file = tmp_path / "prices.toml"
    file.write_text(OWN)
    assert _input_usd("gpt-4o-2024-08-06", file=str(file)) == 1
    assert _input_usd("gpt-4.1", file=str(file)) == 2.0
    prices = prices_for("acme-large", "acme", file=str(file))
    assert prices is not None
    assert (prices.cache_read_usd, prices.cache_write_usd, prices.source) == (0.5, ((600, 5.0),), "our contract")
    assert rows_of(file)[0].prices.source == str(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[openai]\n", "has no rows"),
        ("rows = 3", "[rows] has no rows"),
        ('[openai]\nas_of = 2026-01-01\nrows = [{ models = ["x"], input_usd = -1, output_usd = 1 }]', "rows[0]"),
        ('[openai]\nas_of = 2026-01-01\nrows = [{ models = ["x"], input_usd = 1 }]', "output_usd"),
        ('[openai]\nrows = [{ models = ["x"], input_usd = 1, output_usd = 1 }]', "as_of"),
        ('[openai]\nas_of = 2026-01-01\nrows = [{ models = ["x"], input_usd = 1, output_usd = 1, in = 3 }]', "in"),
        ("[openai]\nas_of = 2026-01-01\nrows = [3]", "rows[0]"),
        ("[openai", "is not TOML"),
    ],
)
def test_a_bad_table_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    """The message says which row, and what is wrong with it."""
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        prices_for("x", file=str(file))
    assert words in str(caught.value)


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Rather than priced without it."""
    with pytest.raises(SettingsError, match="cannot be read"):
        prices_for("x", file=str(tmp_path / "none.toml"))
