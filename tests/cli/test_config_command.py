"""`sparing config`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running_cli import Cli

from sparing.settings.render import default_toml


def test_the_default_is_printed(cli: Cli) -> None:
    """Ready to be saved as sparing.toml."""
    assert cli("config").text == default_toml()


def test_the_effective_settings_are_printed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the file named, with the environment on top and the key masked."""
    Path("mine.toml").write_text("[gateway]\nport = 1\n")
    monkeypatch.setenv("SPARING_POLICY__MODE", "audit")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    text = cli("config", "--effective", "--config", "mine.toml").text
    assert "port = 1  # mine.toml" in text
    assert 'mode = "audit"  # SPARING_POLICY__MODE' in text
    assert "sk-secret" not in text


def test_the_effective_settings_as_json(cli: Cli) -> None:
    """One object per section."""
    assert json.loads(cli("config", "--effective", "--json").out)["gateway"]["port"] == 8790


def test_options_of_the_effective_form_need_it(cli: Cli) -> None:
    """The default has no JSON form and reads no file."""
    outcome = cli("config", "--json")
    assert (outcome.code, outcome.err) == (
        2,
        "sparing: --json and --config need --effective (sparing config --effective)\n",
    )


def test_a_bad_variable_is_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code 2, with the nearest name."""
    monkeypatch.setenv("SPARING_GATEWAY_PORT", "1")
    outcome = cli("config", "--effective")
    assert outcome.code == 2
    assert outcome.err == (
        "sparing: unknown environment variable SPARING_GATEWAY_PORT (did you mean SPARING_GATEWAY__PORT?)\n"
    )
