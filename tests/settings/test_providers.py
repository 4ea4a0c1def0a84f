"""The rows of providers are whole and agree with the rest of the program."""

from __future__ import annotations

import pytest

from sparing import registry
from sparing.settings.providers import PROVIDERS, SHAPES, Provider, provider_at, provider_named, shape_of
from sparing.settings.urls import address
from sparing.tokens.models import counter_for


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_a_row_is_usable(provider: Provider) -> None:
    """Known wire formats, addresses as settings write them, a key header, and a vocabulary that is known."""
    assert set(provider.wires) <= set(registry.names("wires"))
    for shape in SHAPES:
        url = provider.url_for(shape)
        if url:
            assert address(f"{url}/v1/", shape, "x") == url
            assert provider_at(shape, url) is provider
            assert provider.header_for(shape) in ("authorization", "x-api-key", "x-goog-api-key")
    assert not provider.tokenizer or "unknown" not in counter_for(provider.tokenizer).name


def test_names_are_unique_and_read_as_people_write_them() -> None:
    """No two rows of one name."""
    assert len({provider.name for provider in PROVIDERS}) == len(PROVIDERS)
    assert provider_named(" DeepSeek ") is provider_named("deepseek")
    assert provider_named("nobody") is None


def test_every_wire_format_of_ours_has_a_shape() -> None:
    """And a plugin's has none."""
    assert all(shape_of(wire) for wire in registry.names("wires"))
    assert shape_of("mine") == ""
