"""Upstream addresses and keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from sparing.errors import SettingsError
from sparing.settings import UpstreamSettings, load_settings
from sparing.settings.load import resolve


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def upstream(**env: str) -> UpstreamSettings:
    return load_settings(env={"SPARING_HOME": "nowhere", **env}).upstream


def test_one_variable_sets_every_url() -> None:
    """`SPARING_UPSTREAM` fronts one server for every wire format; the long name of the setting does the same."""
    for variable in ("SPARING_UPSTREAM", "SPARING_UPSTREAM__PROVIDER"):
        loaded = upstream(**{variable: "http://127.0.0.1:11434"})
        assert (loaded.openai_url, loaded.anthropic_url, loaded.gemini_url) == ("http://127.0.0.1:11434",) * 3


def test_a_provider_by_name() -> None:
    """Its addresses, its own key and nobody else's; what it does not speak is answered by nobody."""
    loaded = upstream(SPARING_UPSTREAM="deepseek", DEEPSEEK_API_KEY="sk-d", OPENAI_API_KEY="sk-1", GEMINI_API_KEY="g")
    assert loaded.provider == "deepseek"
    assert (loaded.openai_url, loaded.openai_key) == ("https://api.deepseek.com", "sk-d")
    assert (loaded.anthropic_url, loaded.anthropic_key) == ("https://api.deepseek.com/anthropic", "sk-d")
    assert (loaded.gemini_url, loaded.gemini_key) == ("none", "")


def test_a_provider_by_its_address() -> None:
    """A key of OpenAI's is not sent to Mistral, though the wire format is OpenAI's."""
    loaded = upstream(SPARING_UPSTREAM__OPENAI_URL="https://api.mistral.ai/v1", OPENAI_API_KEY="sk-1")
    assert (loaded.openai_url, loaded.openai_key) == ("https://api.mistral.ai", "")
    loaded = upstream(SPARING_UPSTREAM__OPENAI_URL="https://api.mistral.ai", MISTRAL_API_KEY="m")
    assert loaded.openai_key == "m"


def test_the_nearest_source_decides_who_answers(tmp_path: Path) -> None:
    """A provider in the file holds for what the file does not name; one in the environment beats the whole file."""
    file = tmp_path / "my.toml"
    file.write_text('[upstream]\nprovider = "Mistral"\nanthropic_url = "http://b"\ngemini_url = "local"\n')
    loaded = load_settings(file, {"SPARING_HOME": "nowhere"}).upstream
    assert (loaded.openai_url, loaded.anthropic_url, loaded.gemini_url) == ("https://api.mistral.ai", "http://b", "")
    loaded = load_settings(file, {"SPARING_HOME": "nowhere", "SPARING_UPSTREAM": "anthropic"}).upstream
    assert (loaded.openai_url, loaded.anthropic_url) == ("none", "https://api.anthropic.com")
    loaded = load_settings(file, {"SPARING_HOME": "nowhere"}, {"upstream.provider": "http://c"}).upstream
    assert (loaded.openai_url, loaded.anthropic_url, loaded.gemini_url) == ("http://c",) * 3


@pytest.mark.parametrize("variable", ["GEMINI_API_KEY", "GOOGLE_API_KEY"])
def test_gemini_is_asked_when_its_key_is_known(variable: str) -> None:
    """Under either of the names that its own client reads."""
    loaded = upstream(**{variable: "g"})
    assert (loaded.gemini_url, loaded.gemini_key) == ("https://generativelanguage.googleapis.com", "g")
    assert (loaded.openai_url, loaded.anthropic_url) == ("", "")


def test_the_specific_variable_wins_over_the_short_one() -> None:
    """One wire format can go elsewhere."""
    loaded = upstream(SPARING_UPSTREAM="http://a", SPARING_UPSTREAM__ANTHROPIC_URL="http://b")
    assert (loaded.openai_url, loaded.anthropic_url) == ("http://a", "http://b")


def test_a_providers_key_brings_its_public_url() -> None:
    """With OPENAI_API_KEY alone, OpenAI-shaped requests go to OpenAI, the others to the embedded model."""
    loaded = upstream(OPENAI_API_KEY="sk-1")
    assert (loaded.openai_url, loaded.openai_key) == ("https://api.openai.com", "sk-1")
    assert (loaded.anthropic_url, loaded.anthropic_key) == ("", "")


def test_the_other_provider_likewise() -> None:
    """ANTHROPIC_API_KEY brings Anthropic."""
    loaded = upstream(ANTHROPIC_API_KEY="sk-2")
    assert (loaded.anthropic_url, loaded.anthropic_key) == ("https://api.anthropic.com", "sk-2")


def test_a_url_of_ones_own_is_not_replaced() -> None:
    """A key does not redirect a configured upstream; our own key setting wins over the provider's variable."""
    loaded = upstream(
        OPENAI_API_KEY="sk-1", SPARING_UPSTREAM__OPENAI_URL="http://a", SPARING_UPSTREAM__OPENAI_KEY="sk-own"
    )
    assert (loaded.openai_url, loaded.openai_key) == ("http://a", "sk-own")


def test_local_means_the_embedded_model_whatever_keys_are_set() -> None:
    """`local` is how to stay on this machine with keys in the environment."""
    loaded = upstream(OPENAI_API_KEY="sk-1", ANTHROPIC_API_KEY="sk-2", SPARING_UPSTREAM="local")
    assert (loaded.openai_url, loaded.anthropic_url) == ("", "")


@pytest.mark.parametrize(
    "written", ["http://a:1", "http://a:1/", "http://a:1/v1", "http://a:1/v1beta", "http://a:1/v1/", " http://a:1 "]
)
def test_the_ways_people_write_a_base_url_are_one(written: str) -> None:
    """With and without slash and /v1."""
    assert upstream(SPARING_UPSTREAM=written).openai_url == "http://a:1"


@pytest.mark.parametrize("written", ["localhost:1", "ftp://a", "http://", "http:///v1", "http://a b", "http://a?x=1"])
def test_what_is_no_url_is_refused(written: str) -> None:
    """The message names the variable and shows a good one."""
    with pytest.raises(SettingsError, match=r"SPARING_UPSTREAM: upstream.openai_url cannot be .*http://127"):
        upstream(SPARING_UPSTREAM=written)


def test_what_was_filled_in_has_an_origin() -> None:
    """`sparing config --effective` can say why requests go to a provider."""
    origins = resolve(env={"SPARING_HOME": "nowhere", "OPENAI_API_KEY": "sk-1"}).origins
    assert origins["upstream.openai_key"] == "OPENAI_API_KEY"
    assert origins["upstream.openai_url"] == "OPENAI_API_KEY is set"
