"""The tables of tables: policies, model aliases, rules, tenants and stores, each with a name of the user's own.

They come from the settings file alone; the environment and arguments have no names to say which is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import replace

from sparing.errors import SettingsError
from sparing.settings.keys import Key
from sparing.settings.policies import ModelAlias, NamedPolicy, Rule, UnderPressure
from sparing.settings.policy import PolicySettings
from sparing.settings.retrieval import StoreSettings
from sparing.settings.tenants import KeySettings, ProjectSettings, TenantSettings
from sparing.settings.toml_lines import line_of

T = TypeVar("T", bound=msgspec.Struct)
Where = tuple[str, ...]

TABLES: Final = ("policies", "models", "rules", "tenants", "stores")
_FOR_ALL = frozenset({"prices_file"})  # one ledger has one table of prices


@dataclass(frozen=True, slots=True)
class Named:
    """What a file says in these tables."""

    policies: Mapping[str, NamedPolicy]
    models: Mapping[str, ModelAlias]
    rules: Mapping[str, Rule]
    tenants: Mapping[str, TenantSettings]
    stores: Mapping[str, StoreSettings] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """A settings file, for messages that name a place in it."""

    path: Path
    text: str

    def error(self, where: Where, message: str, hint: str = "") -> SettingsError:
        """An error that says file, line and dotted name."""
        dotted = ".".join(where)
        return SettingsError(f"{self.path}, line {line_of(self.text, where)}: {dotted} {message}", hint=hint)


def read_named(raw: Mapping[str, Any], base: PolicySettings, source: Source) -> Named:
    """The tables of a file.

    Args:
        raw: The whole file.
        base: ``[policy]`` as it is in force: what a named policy does not set.
    Raises:
        SettingsError: An unknown key (names the nearest), or a value of the wrong type or out of range; with the line.
    """
    tables = {name: _tables((name,), raw.get(name, {}), source) for name in TABLES}
    return Named(
        {name: _policy(("policies", name), table, base, source) for name, table in tables["policies"].items()},
        {name: _read(ModelAlias, ("models", name), table, source) for name, table in tables["models"].items()},
        {name: _read(Rule, ("rules", name), table, source) for name, table in tables["rules"].items()},
        {name: _tenant(("tenants", name), table, source) for name, table in tables["tenants"].items()},
        {name: _read(StoreSettings, ("stores", name), table, source) for name, table in tables["stores"].items()},
    )


def _policy(where: Where, table: Mapping[str, Any], base: PolicySettings, source: Source) -> NamedPolicy:
    own = {key: value for key, value in table.items() if key in _policy_keys()}
    rest = {key: value for key, value in table.items() if key not in own}
    pressure = _table((*where, "under_pressure"), rest.pop("under_pressure", {}), source)
    values = _values(NamedPolicy, where, rest, source, also=_policy_keys(), tables=("under_pressure",))
    return NamedPolicy(
        **values,
        settings=replace(base, **_values(PolicySettings, where, own, source)),
        under_pressure=_read(UnderPressure, (*where, "under_pressure"), pressure, source),
    )


def _tenant(where: Where, table: Mapping[str, Any], source: Source) -> TenantSettings:
    rest = dict(table)
    projects = {
        name: _keyed(ProjectSettings, (*where, "projects", name), project, source)
        for name, project in _tables((*where, "projects"), rest.pop("projects", {}), source).items()
    }
    return replace(_keyed(TenantSettings, where, rest, source, tables=("projects",)), projects=projects)


def _keyed(kind: type[T], where: Where, table: Mapping[str, Any], source: Source, tables: Where = ()) -> T:
    """A tenant or project with its keys."""
    rest = dict(table)
    keys = {
        name: _read(KeySettings, (*where, "keys", name), key, source)
        for name, key in _tables((*where, "keys"), rest.pop("keys", {}), source).items()
    }
    return kind(**_values(kind, where, rest, source, tables=("keys", *tables)), keys=keys)


def _read(kind: type[T], where: Where, table: Mapping[str, Any], source: Source) -> T:
    values = _values(kind, where, table, source)
    for one in _fields(kind):
        if one.required and one.name not in values:
            raise source.error(where, f"needs {one.name}", _key(kind, where, one.name).description)
    return kind(**values)


def _values(
    kind: type[msgspec.Struct],
    where: Where,
    table: Mapping[str, Any],
    source: Source,
    *,
    also: frozenset[str] = frozenset(),
    tables: Where = (),
) -> dict[str, Any]:
    """The plain values of a table, checked one by one.

    Args:
        also: Further names that could have been meant.
        tables: Fields that are tables of their own.
    """
    known = [one.name for one in _fields(kind) if one.name not in (*tables, "settings")]
    values = {}
    for name, value in table.items():
        place = (*where, name)
        if name not in known:
            close = get_close_matches(name, [*known, *tables, *also], n=1)
            raise source.error(
                place, "is no setting", f"did you mean {close[0]}?" if close else f"known: {_list(known)}"
            )
        key = _key(kind, where, name)
        try:
            values[name] = msgspec.convert(value, key.type)
        except msgspec.ValidationError:
            raise source.error(place, f"cannot be {value!r:.80}", f"allowed: {key.allowed}") from None
        if value != value:
            raise source.error(place, "cannot be nan", f"allowed: {key.allowed}")
    return values


@lru_cache
def _hints(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """What the fields of a table may be. A file may have a hundred thousand tables of a kind."""
    return get_type_hints(kind, include_extras=True)


@lru_cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _key(kind: type[msgspec.Struct], where: Where, name: str) -> Key:
    hint = _hints(kind)[name]
    annotation = hint if get_origin(hint) is Annotated else get_args(hint)[0]  # TOML has no null
    meta = next(extra for extra in annotation.__metadata__ if isinstance(extra, msgspec.Meta))
    return Key(".".join(where), name, annotation, None, meta.description or "")


def _policy_keys() -> frozenset[str]:
    return frozenset(one.name for one in _fields(PolicySettings)) - _FOR_ALL


def _tables(where: Where, raw: object, source: Source) -> dict[str, Mapping[str, Any]]:
    named = _table(where, raw, source)
    return {name: _table((*where, name), table, source) for name, table in named.items()}


def _table(where: Where, raw: object, source: Source) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise source.error(where, "is a table", f"write [{'.'.join(where)}] on its own line, its keys below")
    return raw


def _list(names: list[str]) -> str:
    return ", ".join(names)
