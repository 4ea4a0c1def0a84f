"""Settings from everywhere they can come from: arguments > environment > file > defaults."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from sparing.errors import SettingsError
from sparing.settings.contradictions import refuse_contradictions
from sparing.settings.keys import Key, all_keys, nearest
from sparing.settings.named import TABLES, Source, read_named
from sparing.settings.paths import settings_file
from sparing.settings.providers import SHAPES
from sparing.settings.tiers import read_tiers
from sparing.settings.tree import Settings
from sparing.settings.urls import ARGUMENT, complete_retrieval, complete_upstream, located

# Variables that are not one key of the tree. Others that begin with SPARING_ are not ours to judge: Kubernetes, for
# one, sets SPARING_PORT and SPARING_SERVICE_HOST in every pod next to a service called "sparing".
_SHORT_VARIABLES = ("SPARING_CONFIG", "SPARING_HOME", "SPARING_UPSTREAM", "SPARING_DEBUG", "SPARING_DATA")
_PROVIDER = "upstream.provider"
_URLS = tuple(f"upstream.{shape}_url" for shape in SHAPES)


@dataclass(frozen=True, slots=True)
class Value:
    """A raw value and where it was found, as a message names it."""

    raw: object
    origin: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """Settings and where they came from.

    Attributes:
        origins: Dotted name to file, variable or argument; a name that is missing has its default.
        file: The settings file that was read, if any.
        named: Its tables of policies, models, rules and tenants, as they were written.
    """

    settings: Settings
    origins: Mapping[str, str]
    file: Path | None
    named: Mapping[str, Any] = field(default_factory=dict)


def load_settings(
    path: Path | None = None, env: Mapping[str, str] | None = None, overrides: Mapping[str, object] = {}
) -> Settings:
    """The settings in force.

    Args:
        path: The file to read; None looks where `paths.settings_file` says.
        env: Defaults to the process environment. An empty variable counts as unset.
        overrides: Dotted names to values; None counts as not given.
    Raises:
        SettingsError: An unknown key or variable (names the nearest), a value of the wrong type or out of range, or a
            file that cannot be read.
    """
    return resolve(path, env, overrides).settings


def resolve(
    path: Path | None = None, env: Mapping[str, str] | None = None, overrides: Mapping[str, object] = {}
) -> Resolved:
    """As `load_settings`, with the origin of every value."""
    env = os.environ if env is None else env
    file = path or settings_file(env)
    found: dict[str, Value] = {}
    source = _source(file) if file is not None else None
    raw = _parse(source) if source is not None else {}
    tiers = read_tiers(raw.pop("tiers", []), f"{file}", env)
    if source is not None:
        found.update(_spread(_from_file(source.path, raw)))
    found.update(_spread(_from_environment(env)))
    found.update(_spread(_from_overrides(overrides)))
    settings = _build(found)
    origins = {name: value.origin for name, value in found.items()}
    upstream, completed = complete_upstream(settings.upstream, env, origins)
    retrieval, more = complete_retrieval(settings.retrieval, env, origins)
    settings = msgspec.structs.replace(settings, upstream=upstream, retrieval=retrieval, tiers=tiers)
    settings = msgspec.structs.replace(settings, **_named(raw, settings, source))
    return Resolved(settings, origins | completed | more, file, {name: raw[name] for name in TABLES if name in raw})


def _spread(source: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    """The values of one source; its provider stands for each address that it does not name itself."""
    values = dict(source)
    if _PROVIDER in values:
        values |= {url: values[_PROVIDER] for url in _URLS if url not in values}
    return values


def _named(raw: Mapping[str, Any], settings: Settings, source: Source | None) -> dict[str, Any]:
    """The file's tables of tables."""
    if source is None or not any(name in raw for name in TABLES):
        return {}
    named = read_named(raw, settings.policy, source)
    refuse_contradictions(named, source, [tier.name for tier in settings.tiers])
    return {name: getattr(named, name) for name in TABLES}


def _from_file(path: Path, raw: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    for section, table in raw.items():
        if section in TABLES:
            continue
        if not isinstance(table, dict):
            raise (
                _unknown(section, f"{path}")
                if section not in _sections()
                else SettingsError(
                    f"{path}: {section} is a section", hint=f"write [{section}] on its own line, its keys below"
                )
            )
        for name, raw in table.items():
            dotted = f"{section}.{name}"
            if dotted not in all_keys():
                raise _unknown(dotted, f"{path}")
            yield dotted, Value(raw, f"{path}")


def _source(path: Path) -> Source:
    try:
        return Source(path, path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}", hint="`sparing config` prints a valid file") from error


def _parse(source: Source) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"{source.path} is not TOML: {error}", hint="`sparing config` prints a valid file"
        ) from error


def _from_environment(env: Mapping[str, str]) -> Iterator[tuple[str, Value]]:
    if env.get("SPARING_UPSTREAM"):
        yield _PROVIDER, Value(env["SPARING_UPSTREAM"], "SPARING_UPSTREAM")
    variables = {key.variable: key for key in all_keys().values()}
    for name in sorted(env):
        if not name.startswith("SPARING_") or name in _SHORT_VARIABLES:
            continue
        key = variables.get(name)
        if key is None:
            _refuse_misspelt(name, tuple(variables))
        elif env[name]:
            yield key.dotted, Value(_split(env[name]) if isinstance(key.default, tuple) else env[name], name)


def _split(text: str) -> list[str]:
    """A list in one variable: separated by commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _refuse_misspelt(name: str, variables: tuple[str, ...]) -> None:
    joined = name.replace("__", "_")
    meant = [variable for variable in variables if variable.replace("__", "_") == joined]
    if "__" in name or meant:
        close = meant or get_close_matches(name, variables, n=1)
    else:
        close = get_close_matches(name, _SHORT_VARIABLES, n=1, cutoff=0.9)
        if not close:
            return
    hint = f"did you mean {close[0]}?" if close else "`sparing config` lists them"
    raise SettingsError(f"unknown environment variable {name}", hint=hint)


def _from_overrides(overrides: Mapping[str, object]) -> Iterator[tuple[str, Value]]:
    for dotted, raw in overrides.items():
        if dotted not in all_keys():
            raise _unknown(dotted, "arguments")
        if raw is not None:
            yield dotted, Value(raw, ARGUMENT)


def _build(found: Mapping[str, Value]) -> Settings:
    sections: defaultdict[str, dict[str, object]] = defaultdict(dict)
    for dotted, value in found.items():
        key = all_keys()[dotted]
        sections[key.section][key.name] = _convert(key, value)
    defaults = Settings()
    replaced = {name: msgspec.structs.replace(getattr(defaults, name), **values) for name, values in sections.items()}
    return msgspec.structs.replace(defaults, **replaced)


def _convert(key: Key, value: Value) -> object:
    # Only an environment variable is text by nature; "8790" in a file is a mistake worth naming.
    lax = value.origin == key.variable
    try:
        return msgspec.convert(value.raw, key.type, strict=not lax)
    except msgspec.ValidationError as error:
        shown = "(hidden)" if key.secret else repr(value.raw)[:80]
        raise SettingsError(
            f"{located(key.dotted, value.origin)} cannot be {shown}", hint=f"allowed: {key.allowed}"
        ) from error


def _sections() -> frozenset[str]:
    return frozenset(key.section for key in all_keys().values())


def _unknown(dotted: str, origin: str) -> SettingsError:
    meant = nearest(dotted)
    hint = f"did you mean {meant}?" if meant else "`sparing config` lists every setting"
    return SettingsError(f"{origin}: unknown setting {dotted}", hint=hint)
