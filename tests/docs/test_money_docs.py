"""What `docs/money.md` shows is so."""

from __future__ import annotations

import re
from pathlib import Path

from sparing.prices.lookup import prices_for
from sparing.record.money import MIN_REQUESTS
from sparing.settings import load_settings

PAGE = (Path(__file__).parents[2] / "docs" / "money.md").read_text("utf-8")
SETTINGS, PRICES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_table_of_prices_can_be_used_as_it_stands(tmp_path: Path) -> None:
    """Every row is found, with the price that the page gives it."""
    file = tmp_path / "prices.toml"
    file.write_text(PRICES)

    def input_usd(model: str, prompt_tokens: int = 0) -> float:
        prices = prices_for(model, prompt_tokens=prompt_tokens, file=str(file))
        assert prices is not None
        return prices.input_usd

    assert [input_usd("gpt-4o"), input_usd("gpt-4o", 200_000), input_usd("acme-1")] == [2.0, 4.0, 0.4]
    assert input_usd("claude-of-ours") == 3


def test_the_settings_can_be_used_as_they_stand(tmp_path: Path) -> None:
    """The key is a setting."""
    file = tmp_path / "sparing.toml"
    file.write_text(SETTINGS)
    assert load_settings(file, {}).policy.prices_file == "/etc/sparing/prices.toml"


def test_the_floor_is_the_one_in_force() -> None:
    """The page names the number."""
    assert f"fewer than {MIN_REQUESTS} priced requests" in PAGE
