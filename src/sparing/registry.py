"""Name -> plugin, from entry points. Built-ins come through the same door as everyone else's."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from sparing.errors import SettingsError


@lru_cache
def names(group: str) -> tuple[str, ...]:
    """Names registered in ``sparing.<group>``, in order of declaration.

    Raises:
        SettingsError: Two packages registered the same name.
    """
    return tuple(_points(group))


@lru_cache
def load(group: str, name: str) -> Any:
    """One instance of the plugin `name`, made once per process without arguments.

    Raises:
        SettingsError: Unknown name (lists the known), or the plugin cannot be imported.
    """
    points = _points(group)
    if name not in points:
        raise SettingsError(f"no {group.removesuffix('s')} is called {name!r}", hint=f"known: {', '.join(points)}")
    try:
        plugin = points[name].load()
    except ImportError as error:
        raise SettingsError(f"{group.removesuffix('s')} {name!r} cannot be imported: {error}") from error
    return plugin() if isinstance(plugin, type) else plugin


@lru_cache
def _points(group: str) -> dict[str, EntryPoint]:
    points: dict[str, EntryPoint] = {}
    for point in entry_points(group=f"sparing.{group}"):
        known = points.get(point.name)
        if known is not None and known.value != point.value:
            raise SettingsError(f"two plugins are called {point.name!r}: {known.value} and {point.value}")
        points[point.name] = point
    return points
