"""The tree as a flat list of keys, each with its type, default, sentence and environment name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Meta
from msgspec.structs import fields

from sparing.settings.tenants import HEX
from sparing.settings.tree import Settings


@dataclass(frozen=True, slots=True)
class Key:
    """One setting.

    Attributes:
        section: Table of the TOML file: ``gateway``.
        name: Key in that table: ``port``.
        type: What a value is converted to, `Annotated` with its bounds.
        description: One sentence.
    """

    section: str
    name: str
    type: Any
    default: object
    description: str

    @property
    def dotted(self) -> str:
        """``gateway.port``, as messages and overrides write it."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """``SPARING_GATEWAY__PORT``."""
        return f"SPARING_{self.section}__{self.name}".upper()

    @property
    def secret(self) -> bool:
        """Whether the value must never be shown."""
        return self.name.endswith("_key")

    @property
    def allowed(self) -> str:
        """What a value may be, in words."""
        kind, meta = _unwrap(self.type)
        kinds = get_args(kind) if isinstance(kind, UnionType) or get_origin(kind) is Union else (kind,)
        return ", or ".join(_words(one, meta) for one in kinds)


@lru_cache
def all_keys() -> dict[str, Key]:
    """Every setting by dotted name, in the order of the tree."""
    keys: dict[str, Key] = {}
    defaults = Settings()
    for section in fields(Settings):
        values = getattr(defaults, section.name)
        if isinstance(values, tuple):  # a list of tables has no single keys (`tiers.read_tiers`)
            continue
        for name, kind in get_type_hints(type(values), include_extras=True).items():
            meta = _unwrap(kind)[1]
            key = Key(section.name, name, kind, getattr(values, name), meta.description or "")
            keys[key.dotted] = key
    return keys


def nearest(word: str) -> str:
    """The dotted name that `word`, dotted or not, was most likely meant to be; "" if nothing is close."""
    keys = all_keys()
    close = get_close_matches(word, keys, n=1, cutoff=0.75)
    if close:
        return close[0]
    names = {key.name: key.dotted for key in reversed(keys.values())}
    close = get_close_matches(word.rpartition(".")[2], names, n=1, cutoff=0.7)
    return names[close[0]] if close else ""


def _unwrap(kind: Any) -> tuple[Any, Meta]:
    if get_origin(kind) is Annotated:
        base, *extras = get_args(kind)
        return base, next(extra for extra in extras if isinstance(extra, Meta))
    return kind, Meta()


def _words(kind: Any, meta: Meta) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(str, get_args(kind)))
    if kind is bool:
        return "true or false"
    if kind in (int, float):
        return _number(kind, meta)
    if get_origin(kind) is tuple:
        words = get_args(get_args(kind)[0])  # of a list of words, which
        return f"a list of {', '.join(words)}" if words else "strings (separated by commas in the environment)"
    if get_origin(kind) is Mapping:
        return "a table of numbers"
    return "64 hexadecimal digits" if meta.pattern == HEX else "a string"


def _number(kind: type, meta: Meta) -> str:
    bounds = {"above": meta.gt, "at least": meta.ge, "at most": meta.le, "below": meta.lt}
    words = [f"{word} {bound:.15g}" for word, bound in bounds.items() if bound is not None]
    return " ".join([f"a {'whole ' if kind is int else ''}number", " and ".join(words)]).rstrip()
