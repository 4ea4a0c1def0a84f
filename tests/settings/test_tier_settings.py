"""The models that requests can go to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sparing.errors import SettingsError
from sparing.settings import Settings, TierSettings, load_settings
from sparing.settings.load import resolve
from sparing.settings.render import effective_json, effective_toml
from sparing.settings.tiers import order_of, wires_of

ENV = {"SPARING_HOME": "nowhere"}
TWO = """
[[tiers]]
name = "small"
provider = "deepseek"
model = "deepseek-v4-flash"

[[tiers]]
name = "large"
provider = "http://10.0.0.1:4000/v1"
model = "m"
key = "k"
"""


def load(tmp_path: Path, text: str, **env: str) -> Settings:
    file = tmp_path / "sparing.toml"
    file.write_text(text)
    return load_settings(file, ENV | env)


def test_tiers_come_in_their_order_with_their_providers_keys(tmp_path: Path) -> None:
    """A key goes only to its owner."""
    small, large = load(tmp_path, TWO, DEEPSEEK_API_KEY="d", OPENAI_API_KEY="o").tiers
    assert (small.name, small.model, small.key) == ("small", "deepseek-v4-flash", "d")
    assert (large.name, large.provider, large.key) == ("large", "http://10.0.0.1:4000/v1", "k")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tiers = 3", "list of tables"),
        ("[tiers.small]\nprovider = 'local'", r"write \[\[tiers\]\]"),
        ("[[tiers]]\nprovider = 'local'", r"tiers\[0\] has no name"),
        ("[[tiers]]\nname = 'a'", r"tiers\[0\] has no provider"),
        ("[[tiers]]\nname = 'a'\nprovider = 'local'\nmodle = 'x'", "did you mean model"),
        ("[[tiers]]\nname = 'a'\nprovider = 'local'\nmodel = 3", r"tiers\[0\].model cannot be used"),
        ("[[tiers]]\nname = 'a'\nprovider = 'local'\nwires = 'openai.chat'", r"wires cannot be used"),
        ("[[tiers]]\nname = 'a'\nprovider = 'nobody-known'", "tiers.a.provider cannot be 'nobody-known'"),
        ("[[tiers]]\nname = 'a'\nprovider = 'local'\nwires = ['openai']", "there are openai.chat"),
        ("[[tiers]]\nname = 'A b'\nprovider = 'local'", "lower-case"),
        ("[[tiers]]\nname = 'cascade'\nprovider = 'local'", "not cascade, router"),
        (TWO + "[[tiers]]\nname = 'small'\nprovider = 'local'", r"tiers\[2\].name is 'small' again"),
        (TWO + "fallback = ['huge']", "the tiers are small, large"),
        (TWO + "fallback = ['large']", "the tier itself"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_write(tmp_path: Path, text: str, message: str) -> None:
    """At load, naming the file and the table."""
    with pytest.raises(SettingsError, match=message) as caught:
        load(tmp_path, text)
    assert "tiers" in str(caught.value)


def test_who_is_asked_in_turn(tmp_path: Path) -> None:
    """The larger tiers first; a tier's own list wins; none means nobody."""
    tiers = [TierSettings(name, "local") for name in ("s", "m", "l")]
    assert order_of(tiers[1], tiers) == ("m", "l", "s")
    assert order_of(tiers[2], tiers) == ("l", "m", "s")
    assert order_of(TierSettings("m", "local", fallback=("s",)), tiers) == ("m", "s")
    assert order_of(TierSettings("m", "local", fallback=("none",)), tiers) == ("m",)


@pytest.mark.parametrize(
    ("provider", "wires", "spoken"),
    [
        ("anthropic", (), ("anthropic.messages",)),
        ("deepseek", (), ("openai.chat", "anthropic.messages")),
        ("local", (), ("openai.chat",)),
        ("http://10.0.0.1:4000", (), ("openai.chat",)),
        ("http://10.0.0.1:4000", ("openai.chat", "gemini"), ("openai.chat", "gemini")),
    ],
)
def test_wire_formats(provider: str, wires: tuple[str, ...], spoken: tuple[str, ...]) -> None:
    """The provider's own; at an unknown address the one that all servers speak, unless more is said."""
    assert wires_of([TierSettings("a", provider, wires=wires)], ("openai.chat",)) == {"a": spoken}


def test_the_embedded_model_takes_part_where_another_tier_does() -> None:
    """It does not become the only one to answer what used to go to a provider, unless one says so."""
    large = TierSettings("large", "http://10.0.0.1:4000")
    embedded = ("openai.chat", "anthropic.messages")
    small = TierSettings("small", "local")
    assert wires_of([small, large], embedded) == {"small": ("openai.chat",), "large": ("openai.chat",)}
    told = TierSettings("small", "local", wires=embedded)
    assert wires_of([told, large], embedded)["small"] == embedded


def test_the_effective_settings_show_tiers_and_hide_their_keys(tmp_path: Path) -> None:
    """As TOML that could be read again, and as JSON."""
    file = tmp_path / "sparing.toml"
    file.write_text(TWO)
    resolved = resolve(file, ENV)
    for text in (effective_toml(resolved), effective_json(resolved)):
        assert '"k"' not in text
        assert "deepseek-v4-flash" in text
    assert [tier["name"] for tier in json.loads(effective_json(resolved))["tiers"]] == ["small", "large"]
    again = tmp_path / "again.toml"
    again.write_text(effective_toml(resolved))
    assert [tier.name for tier in load_settings(again, ENV).tiers] == ["small", "large"]
