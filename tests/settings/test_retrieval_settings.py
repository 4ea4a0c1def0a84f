"""Where passages are kept and what makes their vectors, as it is set."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparing.errors import SettingsError
from sparing.settings import Settings, load_settings
from sparing.settings.paths import embeddings_file
from sparing.settings.render import default_toml


def load(tmp_path: Path, text: str, **env: str) -> Settings:
    file = tmp_path / "sparing.toml"
    file.write_text(text)
    return load_settings(file, env)


def test_a_key_goes_only_to_its_owner(tmp_path: Path) -> None:
    """At a provider's address its own variable counts, at an unknown one OpenAI's; without an address none."""
    env = {"OPENAI_API_KEY": "ours", "MISTRAL_API_KEY": "theirs"}
    for url, key in (("mistral", "theirs"), ("openai", "ours"), ("http://127.0.0.1:1", "ours"), ("", "")):
        retrieval = load(tmp_path, f'[retrieval]\nembedder = "m"\nembedder_url = "{url}"', **env).retrieval
        assert retrieval.embedder_key == key
    own = load(tmp_path, '[retrieval]\nembedder_url = "openai"\nembedder_key = "mine"', **env).retrieval
    assert (own.embedder_key, own.embedder_url) == ("mine", "https://api.openai.com")


def test_a_qdrant_server_has_its_own_key(tmp_path: Path) -> None:
    """From the variable that its clients read, unless the file says another."""
    assert load(tmp_path, "", QDRANT_API_KEY="k").retrieval.store_key == "k"
    assert load(tmp_path, '[retrieval]\nstore_key = "own"', QDRANT_API_KEY="k").retrieval.store_key == "own"


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    """With the setting's name."""
    with pytest.raises(SettingsError, match=r"retrieval\.embedder_url"):
        load(tmp_path, '[retrieval]\nembedder_url = "ftp://here"')


def test_stores_say_where_they_are_and_whose(tmp_path: Path) -> None:
    """Their tenants have to be there."""
    text = '[stores.handbook]\nwhere = "/srv/handbook.db"\ntenants = ["acme"]\n'
    store = load(tmp_path, "[tenants.acme]\n" + text).stores["handbook"]
    assert (store.where, store.tenants, store.budget_tokens) == ("/srv/handbook.db", ("acme",), 2000)
    with pytest.raises(SettingsError, match=r"line 3: stores\.handbook\.tenants names the tenant 'acme', who is not"):
        load(tmp_path, text)
    with pytest.raises(SettingsError, match="needs where"):
        load(tmp_path, "[stores.handbook]\nbudget_tokens = 5")


def test_vectors_are_kept_where_the_settings_say(tmp_path: Path) -> None:
    """Else with the user's data."""
    retrieval = Settings().retrieval
    assert embeddings_file(retrieval, {"SPARING_HOME": "/home/x"}) == Path("/home/x/embeddings.sqlite")
    retrieval = load(tmp_path, '[retrieval]\ncache_path = "vectors.db"').retrieval
    assert embeddings_file(retrieval, {}) == Path("vectors.db")


def test_the_default_file_points_to_the_page() -> None:
    """Of retrieval, for stores."""
    assert "[stores.NAME]; docs/retrieval.md." in default_toml()
