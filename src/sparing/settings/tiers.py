"""Tiers: the models that requests can go to, small to large, read from ``[[tiers]]`` of the settings file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec.structs import fields, replace

from sparing.errors import SettingsError
from sparing.settings.providers import SHAPES, provider_at
from sparing.settings.tree import TierSettings
from sparing.settings.urls import NOBODY, address

_TAKEN = ("cascade", "router", "none")  # mean something else where a tier is named
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_WIRES = tuple(wire for wires in SHAPES.values() for wire in wires)


def read_tiers(raw: object, origin: str, env: Mapping[str, str]) -> tuple[TierSettings, ...]:
    """The tiers of a settings file, checked, with the keys that their providers' own variables hold.

    Args:
        raw: What stands under ``tiers``.
        origin: The file, for messages.
    Raises:
        SettingsError: A table, key or value that cannot be, and what to write instead.
    """
    if not isinstance(raw, list) or not all(isinstance(table, dict) for table in raw):
        raise SettingsError(f"{origin}: tiers is a list of tables", hint="write [[tiers]] above each tier's keys")
    tiers = tuple(_read(table, f"{origin}: tiers[{at}]") for at, table in enumerate(raw))
    names = [tier.name for tier in tiers]
    for at, tier in enumerate(tiers):
        where = f"{origin}: tiers[{at}]"
        if names.index(tier.name) != at:
            raise SettingsError(f"{where}.name is {tier.name!r} again", hint="each tier has a name of its own")
        if unknown := [name for name in tier.fallback if name not in (*names, "none")]:
            raise SettingsError(f"{where}.fallback names {unknown[0]!r}", hint=f"the tiers are {', '.join(names)}")
        if tier.name in tier.fallback:
            raise SettingsError(f"{where}.fallback names the tier itself", hint="name others, or none")
    return tuple(_with_key(tier, env) for tier in tiers)


def url_of(tier: TierSettings, shape: str) -> str:
    """Its address for requests of this shape; "" for the embedded model, `urls.NOBODY` where it speaks none of them."""
    return address(tier.provider, shape, f"tiers.{tier.name}.provider")


def wires_of(tiers: Sequence[TierSettings], embedded: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Wire formats that each tier answers, by its name.

    The embedded model takes part only in those that another tier speaks, if there is one: a small helper must not
    become the only one to answer what used to go to a provider.

    Args:
        embedded: Those that the embedded model speaks.
    """
    spoken = {tier.name: tier.wires or _own_wires(tier, embedded) for tier in tiers}
    local = {tier.name for tier in tiers if not tier.wires and is_local(tier)}
    others = {wire for name, wires in spoken.items() if name not in local for wire in wires}
    if not others:
        return spoken
    return {name: tuple(w for w in wires if w in others or name not in local) for name, wires in spoken.items()}


def is_local(tier: TierSettings) -> bool:
    """Whether it is the embedded model."""
    return not url_of(tier, "openai")


def _own_wires(tier: TierSettings, embedded: Sequence[str]) -> tuple[str, ...]:
    spoken: list[str] = []
    for shape, wires in SHAPES.items():
        url = url_of(tier, shape)
        if url == NOBODY:
            continue
        known = provider_at(shape, url)
        answers = embedded if not url else known.wires if known else ("openai.chat",)
        spoken += [wire for wire in wires if wire in answers]
    return tuple(spoken)


def order_of(tier: TierSettings, tiers: Sequence[TierSettings]) -> tuple[str, ...]:
    """Who is asked in turn: the tier, then its fallback, nearest larger tiers first where it names none."""
    if tier.fallback:
        return (tier.name, *(name for name in tier.fallback if name != "none"))
    names = [one.name for one in tiers]
    at = names.index(tier.name)
    return (tier.name, *names[at + 1 :], *reversed(names[:at]))


def tier_example() -> str:
    """The tiers of the printed default file: comments, each key with its sentence."""
    lines = [
        "# Models that requests can go to, small to large; with none, requests go to the upstream above. One is enough",
        "# to have its failures tried again. Keys of a tier:",
    ]
    hints = get_type_hints(TierSettings, include_extras=True)
    lines += [f"#   {field.name}: {get_args(hints[field.name])[1].description}" for field in fields(TierSettings)]
    return "\n".join([*lines, "#", "# [[tiers]]", '# name = "small"', '# provider = "local"', ""])


def _read(table: dict[str, Any], where: str) -> TierSettings:
    known = {field.name for field in fields(TierSettings)}
    for name in table:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"a tier has {', '.join(sorted(known))}"
            raise SettingsError(f"{where}: unknown setting {name}", hint=hint)
    for name in ("name", "provider"):
        if not table.get(name):
            raise SettingsError(f"{where} has no {name}", hint='for example: name = "small", provider = "local"')
    try:
        tier = msgspec.convert(table, TierSettings)
    except msgspec.ValidationError as error:
        wrong = next((name for name, value in table.items() if not _fits(name, value)), "")
        raise SettingsError(f"{where}.{wrong} cannot be used", hint=str(error).partition(" - at")[0]) from error
    if not _NAME.fullmatch(tier.name) or tier.name in _TAKEN:
        raise SettingsError(
            f"{where}.name cannot be {tier.name!r}",
            hint=f"lower-case letters, digits, dots and dashes; not {', '.join(_TAKEN)}",
        )
    if unknown := [wire for wire in tier.wires if wire not in _WIRES]:
        raise SettingsError(f"{where}.wires names {unknown[0]!r}", hint=f"there are {', '.join(_WIRES)}")
    for shape in SHAPES:
        url_of(tier, shape)
    return tier


def _fits(name: str, value: object) -> bool:
    try:
        msgspec.convert(value, get_type_hints(TierSettings, include_extras=True)[name])
    except msgspec.ValidationError:
        return False
    return True


def _with_key(tier: TierSettings, env: Mapping[str, str]) -> TierSettings:
    if tier.key:
        return tier
    for shape in SHAPES:
        url = url_of(tier, shape)
        known = provider_at(shape, url) if url else None
        for variable in known.key_variables if known else ():
            if env.get(variable):
                return replace(tier, key=env[variable])
    return tier
