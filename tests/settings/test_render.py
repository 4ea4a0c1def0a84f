"""The settings as TOML."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import msgspec
import pytest

from sparing.settings import Settings, load_settings
from sparing.settings.keys import all_keys
from sparing.settings.load import resolve
from sparing.settings.render import default_toml, effective_json, effective_toml

ENV = {"SPARING_HOME": "nowhere"}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_printed_default_loads_back_to_the_defaults(tmp_path: Path) -> None:
    """`sparing config > sparing.toml` changes nothing."""
    file = tmp_path / "sparing.toml"
    file.write_text(default_toml())
    assert load_settings(file, ENV) == Settings()


def test_the_printed_default_sets_and_documents_every_key() -> None:
    """No setting is missing, and each has its sentence and its variable beside it."""
    text = default_toml()
    written = {name: table for name, table in tomllib.loads(text).items() if table}
    assert written == json.loads(msgspec.json.encode(Settings()))
    joined = text.replace("\n# ", " ")
    for key in all_keys().values():
        assert key.description in joined
        assert key.variable in text


def test_the_effective_settings_load_back_to_themselves(tmp_path: Path) -> None:
    """What is shown is what is in force."""
    overrides = {"policy.pins": ('a "b"\n\x7f', "\U0001f600"), "gateway.port": 1}
    shown = tmp_path / "shown.toml"
    shown.write_text(effective_toml(resolve(env=ENV, overrides=overrides)))
    assert load_settings(shown, ENV) == load_settings(env=ENV, overrides=overrides)


def test_the_effective_settings_say_where_values_came_from() -> None:
    """The origin is a comment on the line."""
    text = effective_toml(resolve(env=ENV | {"SPARING_GATEWAY__PORT": "1"}))
    assert "port = 1  # SPARING_GATEWAY__PORT\n" in text
    assert 'host = "127.0.0.1"\n' in text


@pytest.mark.parametrize("render", [effective_toml, effective_json])
def test_keys_are_masked(render: object) -> None:
    """A secret is never printed."""
    text = render(resolve(env=ENV | {"OPENAI_API_KEY": "sk-secret"}))  # type: ignore[operator]
    assert "sk-secret" not in text
    assert "********" in text


def test_the_json_form_has_the_shape_of_the_tree() -> None:
    """One object per section."""
    assert json.loads(effective_json(resolve(env=ENV))) == json.loads(msgspec.json.encode(Settings()))
