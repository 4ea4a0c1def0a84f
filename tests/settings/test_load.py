"""Settings from file, environment and arguments."""

from __future__ import annotations

import typing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sparing.errors import SettingsError
from sparing.settings import Settings, load_settings
from sparing.settings.keys import Key, all_keys
from sparing.settings.load import resolve

KEYS = list(all_keys().values())


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No sparing.toml of the developer's is picked up."""
    monkeypatch.chdir(tmp_path)


def env(tmp_path: Path, **variables: str) -> dict[str, str]:
    return {"SPARING_HOME": str(tmp_path / "home"), **variables}


def other_value(key: Key) -> object:
    """A valid value that is not the default."""
    if key.name.endswith("_url") or key.dotted == "upstream.provider":
        return "http://127.0.0.1:9999"
    choices = typing.get_args(typing.get_args(key.type)[0]) if hasattr(key.type, "__metadata__") else ()
    if isinstance(key.default, bool):
        return not key.default
    if isinstance(key.default, float) and 0 < key.default < 1:
        return key.default / 2
    if isinstance(key.default, int | float):
        return key.default + 1
    if isinstance(key.default, tuple):
        return ("left", "right")
    return next((choice for choice in choices if choice != key.default), f"{key.default}x")


def value_of(settings: Settings, key: Key) -> object:
    return getattr(getattr(settings, key.section), key.name)


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    """No file, no variables, no arguments: the tree as it is written."""
    assert load_settings(env=env(tmp_path)) == Settings()


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.dotted)
def test_each_setting_loads_from_a_file(key: Key, tmp_path: Path) -> None:
    """A line in the file changes that setting."""
    value = other_value(key)
    file = tmp_path / "my.toml"
    text = msgspec.json.encode(value).decode()
    file.write_text(f"[{key.section}]\n{key.name} = {text}\n")
    assert value_of(load_settings(file, env(tmp_path)), key) == value


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.dotted)
def test_each_setting_loads_from_its_variable(key: Key, tmp_path: Path) -> None:
    """The derived environment variable changes that setting."""
    value = other_value(key)
    text = ", ".join(value) if isinstance(value, tuple) else msgspec.json.encode(value).decode().strip('"')
    assert value_of(load_settings(env=env(tmp_path, **{key.variable: text})), key) == value


def test_arguments_beat_environment_beats_file(tmp_path: Path) -> None:
    """The order of precedence, one step at a time."""
    file = tmp_path / "my.toml"
    file.write_text("[gateway]\nport = 1001\n")
    variables = env(tmp_path, SPARING_GATEWAY__PORT="1002")
    assert load_settings(file, env(tmp_path)).gateway.port == 1001
    assert load_settings(file, variables).gateway.port == 1002
    assert load_settings(file, variables, {"gateway.port": 1003}).gateway.port == 1003
    assert load_settings(file, variables, {"gateway.port": None}).gateway.port == 1002


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    """Compose files set variables to nothing; that is not a port."""
    assert load_settings(env=env(tmp_path, SPARING_GATEWAY__PORT="")).gateway.port == 8790


def test_the_file_is_found_by_variable_then_here_then_at_home(tmp_path: Path) -> None:
    """`SPARING_CONFIG`, ./sparing.toml, then the one in SPARING_HOME."""
    named, here, home = tmp_path / "named.toml", tmp_path / "sparing.toml", tmp_path / "home" / "sparing.toml"
    home.parent.mkdir()
    for port, path in enumerate((named, here, home), 1):
        path.write_text(f"[gateway]\nport = {port}\n")
    assert load_settings(env=env(tmp_path, SPARING_CONFIG=str(named))).gateway.port == 1
    assert load_settings(env=env(tmp_path)).gateway.port == 2
    here.unlink()
    assert load_settings(env=env(tmp_path)).gateway.port == 3


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    """A typo in SPARING_CONFIG must not fall back to defaults."""
    with pytest.raises(SettingsError, match=r"SPARING_CONFIG names /nowhere\.toml"):
        load_settings(env=env(tmp_path, SPARING_CONFIG="/nowhere.toml"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[gateway]\nprot = 1", r"my\.toml: unknown setting gateway\.prot \(did you mean gateway\.port\?\)"),
        ("port = 1", r"my\.toml: unknown setting port \(did you mean gateway\.port\?\)"),
        ("gateway = 1", r"my\.toml: gateway is a section"),
        ("[gateway]\nport = '8790'", r"gateway\.port cannot be '8790' \(allowed: a whole number"),
        ("[gateway]\nport = 70000", r"gateway\.port cannot be 70000 \(allowed: .* at most 65535\)"),
        ("[policy]\nmode = 'maybe'", r"policy\.mode cannot be 'maybe' \(allowed: one of off, audit, on\)"),
        ("[policy]\npins = [1]", r"policy\.pins cannot be \[1\] \(allowed: strings"),
        ("[gateway]\nport 1", r"my\.toml is not TOML: .*line 2"),
    ],
)
def test_a_bad_file_is_refused_with_the_way_out(text: str, message: str, tmp_path: Path) -> None:
    """The message names the file, the key, the value and what is allowed."""
    file = tmp_path / "my.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=message):
        load_settings(file, env(tmp_path))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 end in one clear message too."""
    file = tmp_path / "my.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is not TOML"):
        load_settings(file, env(tmp_path))


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    """A folder in place of a file, say."""
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load_settings(tmp_path, env(tmp_path))


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("SPARING_GATEWAY_PORT", "SPARING_GATEWAY__PORT"),
        ("SPARING_GATEWAY__PROT", "SPARING_GATEWAY__PORT"),
        ("SPARING_UPSTREM", "SPARING_UPSTREAM"),
    ],
)
def test_a_misspelt_variable_is_named_with_its_neighbour(variable: str, meant: str, tmp_path: Path) -> None:
    """A variable that was meant for us but is unknown is an error, not silence."""
    with pytest.raises(SettingsError, match=rf"unknown environment variable {variable} \(did you mean {meant}\?\)"):
        load_settings(env=env(tmp_path, **{variable: "1"}))


def test_variables_of_other_programs_are_left_alone(tmp_path: Path) -> None:
    """Kubernetes sets these next to a service called "sparing"."""
    others = {"SPARING_PORT": "tcp://10.0.0.1:80", "SPARING_SERVICE_HOST": "10.0.0.1"}
    assert load_settings(env=env(tmp_path, **others)) == Settings()


def test_a_bad_variable_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """The message names the variable."""
    message = r"SPARING_RECORD__ENABLED: record\.enabled cannot be 'yes' \(allowed: true or false\)"
    with pytest.raises(SettingsError, match=message):
        load_settings(env=env(tmp_path, SPARING_RECORD__ENABLED="yes"))


def test_a_secret_is_not_repeated_in_an_error(tmp_path: Path) -> None:
    """A key of the wrong type does not end up in a log."""
    file = tmp_path / "my.toml"
    file.write_text("[upstream]\nopenai_key = 123456\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(file, env(tmp_path))
    assert "123456" not in str(caught.value)


def test_an_unknown_argument_is_refused(tmp_path: Path) -> None:
    """Overrides are checked like everything else."""
    with pytest.raises(SettingsError, match=r"did you mean gateway\.port"):
        load_settings(env=env(tmp_path), overrides={"gateway.prt": 1})


def test_origins_say_where_each_value_came_from(tmp_path: Path) -> None:
    """File, variable and argument are told apart; defaults have no origin."""
    (tmp_path / "sparing.toml").write_text("[policy]\nmin_tokens = 1\n")
    variables = env(tmp_path, SPARING_GATEWAY__PORT="1")
    origins = resolve(env=variables, overrides={"policy.mode": "audit"}).origins
    expected = {
        "policy.min_tokens": "sparing.toml",
        "gateway.port": "SPARING_GATEWAY__PORT",
        "policy.mode": "argument",
    }
    assert origins == expected


@given(st.dictionaries(st.sampled_from([key.variable for key in KEYS]), st.text(max_size=20), max_size=4))
@hypothesis_settings(max_examples=100, deadline=None)
def test_any_environment_loads_or_is_refused_cleanly(variables: dict[str, str]) -> None:
    """Whatever the variables hold, the outcome is settings or a SettingsError."""
    try:
        loaded: object = load_settings(Path("/dev/null"), variables)
    except SettingsError as error:
        loaded = error
    assert isinstance(loaded, Settings) or "cannot be" in str(loaded)
