"""The flat list of keys."""

from __future__ import annotations

import msgspec
import pytest

from sparing.settings import Settings
from sparing.settings.keys import Key, all_keys, nearest

KEYS = list(all_keys().values())


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.dotted)
def test_every_setting_is_documented(key: Key) -> None:
    """A setting has a sentence that ends in a full stop, and its allowed values can be said in words."""
    assert key.description[0].isupper() or key.description[0].islower()
    assert key.description.endswith(".")
    assert key.allowed


def test_every_section_is_documented() -> None:
    """A section's docstring becomes its comment in the file."""
    for field in msgspec.structs.fields(Settings):
        assert getattr(Settings(), field.name).__doc__


def test_keys_cover_the_tree() -> None:
    """No field of the tree is missing from the list, so none is missing from the file or the environment."""
    tree = msgspec.to_builtins(Settings())
    expected = {f"{section}.{name}" for section, values in tree.items() for name in values}
    assert set(all_keys()) == expected


def test_names_follow_from_the_tree() -> None:
    """The variable and the dotted name are derived."""
    key = all_keys()["gateway.port"]
    assert (key.variable, key.dotted, key.default) == ("SPARING_GATEWAY__PORT", "gateway.port", 8790)


def test_only_the_keys_of_providers_are_secret() -> None:
    """What ends in _key is masked when shown."""
    secret = [key.dotted for key in KEYS if key.secret]
    upstream = ["upstream.openai_key", "upstream.anthropic_key", "upstream.gemini_key"]
    assert secret == [*upstream, "retrieval.store_key", "retrieval.embedder_key"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gateway.port", "a whole number at least 0 and at most 65535"),
        ("policy.mode", "one of off, audit, on"),
        ("record.enabled", "true or false"),
        ("gateway.host", "a string"),
        ("upstream.connect_timeout_s", "a number above 0 and at most 3600"),
    ],
)
def test_allowed_values_are_said_in_words(name: str, words: str) -> None:
    """Bounds and choices are read off the type."""
    assert all_keys()[name].allowed == words


@pytest.mark.parametrize(
    ("written", "meant"),
    [("gateway.prot", "gateway.port"), ("port", "gateway.port"), ("polcy.efort", "policy.effort"), ("qqqqq", "")],
)
def test_a_misspelt_name_finds_its_neighbour(written: str, meant: str) -> None:
    """The nearest key is offered, and nothing when nothing is near."""
    assert nearest(written) == meant
