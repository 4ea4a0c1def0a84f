"""The settings as TOML: the commented default, generated from the tree, and what is in force now."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import msgspec

from sparing.settings.keys import Key, all_keys
from sparing.settings.load import Resolved
from sparing.settings.tiers import tier_example
from sparing.settings.tree import Settings

_HEADER = """\
# Settings of Sparing, each at its default. Save as sparing.toml in the working directory or in SPARING_HOME,
# or name the file in SPARING_CONFIG. Arguments win over environment variables, those over this file.
"""
_HIDDEN = "********"
_TABLES = {
    "policies": "What classes of requests may cost and how fast they have to be: [policies.NAME]",
    "models": "Names that callers write as the model: [models.NAME]",
    "rules": "Policies of requests that look like this: [rules.NAME]",
    "tenants": "Who may ask, and how much: [tenants.NAME]",
    "stores": "Stores of passages that requests may name: [stores.NAME]",
}
_BARE = re.compile("[A-Za-z0-9_-]+")


def default_toml() -> str:
    """A file with every setting, its sentence, what it may be and its variable; loads back to the defaults."""
    lines = [_HEADER]
    for section, keys in _by_section():
        lines += [_section_comment(section), f"[{section}]"]
        for key in keys:
            lines += [*_comment(key), f"{key.name} = {_toml(key.default)}", ""]
    for name, about in _TABLES.items():
        page = "retrieval" if name == "stores" else "policies"
        lines += [f"# {about}; docs/{page}.md.", f"[{name}]", ""]
    lines.append(tier_example())
    return "\n".join(lines)


def effective_toml(resolved: Resolved) -> str:
    """The values in force; what is not a default says where it came from. Keys are masked."""
    lines = [f"# file: {resolved.file or 'none'}", ""]
    for section, keys in _by_section():
        lines.append(f"[{section}]")
        for key in keys:
            origin = resolved.origins.get(key.dotted, "")
            lines.append(f"{key.name} = {_toml(_shown(key, resolved.settings))}" + (f"  # {origin}" if origin else ""))
        lines.append("")
    for tier in _shown_tiers(resolved.settings):
        lines += ["[[tiers]]", *(f"{name} = {_toml(value)}" for name, value in tier.items()), ""]
    for name, tables in resolved.named.items():
        lines += _table((name,), tables)
    return "\n".join(lines)


def effective_json(resolved: Resolved) -> str:
    """The values in force as JSON, one object per section. Keys are masked."""
    tree: dict[str, object] = {
        section: {key.name: _shown(key, resolved.settings) for key in keys} for section, keys in _by_section()
    }
    if resolved.settings.tiers:
        tree["tiers"] = _shown_tiers(resolved.settings)
    named = {name: msgspec.to_builtins(tables) for name in _TABLES if (tables := getattr(resolved.settings, name))}
    return json.dumps(tree | named, indent=2, ensure_ascii=False) + "\n"


def _table(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[str]:
    """A table and those in it, as they were written but for comments."""
    plain = {name: value for name, value in table.items() if not isinstance(value, dict)}
    if plain or len(path) > 1:
        yield f"[{'.'.join(map(toml_name, path))}]"
        yield from (f"{toml_name(name)} = {_toml(value)}" for name, value in plain.items())
        yield ""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _table((*path, name), value)


def toml_name(name: str) -> str:
    """A part of a dotted key, in quotes where it needs them."""
    return name if _BARE.fullmatch(name) else _toml(name)


def _by_section() -> Iterator[tuple[str, list[Key]]]:
    for section, keys in groupby(all_keys().values(), key=lambda key: key.section):
        yield section, list(keys)


def _section_comment(section: str) -> str:
    return f"# {getattr(Settings(), section).__doc__}"


def _comment(key: Key) -> list[str]:
    wrapped = textwrap.wrap(key.description, 110, initial_indent="# ", subsequent_indent="# ")
    return [*wrapped, f"# {key.allowed}; {key.variable}"]


def _shown(key: Key, settings: Settings) -> object:
    value = getattr(getattr(settings, key.section), key.name)
    return _HIDDEN if key.secret and value else value


def _shown_tiers(settings: Settings) -> list[dict[str, object]]:
    tiers: list[dict[str, object]] = msgspec.to_builtins(settings.tiers)
    return [{**tier, "key": _HIDDEN if tier["key"] else ""} for tier in tiers]


def _toml(value: object) -> str:
    # A JSON string, number, boolean or array of strings is also TOML, but for DEL, which TOML wants escaped.
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False).replace("\x7f", "\\u007f")
