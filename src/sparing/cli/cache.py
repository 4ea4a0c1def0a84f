"""`sparing cache`: the answers that are kept on disk."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from sparing.cli.options import config_option, json_option
from sparing.cli.output import counted, write, write_json

if TYPE_CHECKING:
    from sparing.generate.cache.sqlite import SqliteStore

T = TypeVar("T")
_SHOWN = 10


@click.group()
def command() -> None:
    """Look at the answers that the gateway keeps in a file, and delete them.

    It keeps them with cache.mode = exact or semantic and cache.store = sqlite. With cache.store = memory
    they are gone when it stops.
    """


@command.command()
@json_option
@config_option
def stats(as_json: bool, config_path: Path | None) -> None:
    """Print how many answers are kept, to whom they were given, and their size.

    \b
    Examples:
      sparing cache stats
      sparing cache stats --json
    """
    path, held = _with_store(config_path, lambda store: store.stats())
    if as_json:
        found = {"path": str(path), "entries": held.num_entries, "bytes": held.num_bytes, "tenants": held.tenants}
        write_json(found)
        return
    to = f"{counted(held.num_entries, 'answer')} to {counted(len(held.tenants), 'tenant')}"
    lines = [f"{to}, {held.num_bytes:,} bytes, in {path}"]
    lines += [f"{num:>9,}  {tenant}" for tenant, num in list(held.tenants.items())[:_SHOWN]]
    if len(held.tenants) > _SHOWN:
        lines.append(f"           and {len(held.tenants) - _SHOWN:,} more: --json shows all")
    write("\n".join(lines) + "\n")


@command.command()
@click.option("--tenant", metavar="DIGEST", default="", help="Only those of this tenant, as `stats` names it.")
@json_option
@config_option
def purge(tenant: str, as_json: bool, config_path: Path | None) -> None:
    """Delete kept answers, all of them or those of one tenant.

    \b
    Examples:
      sparing cache purge
      sparing cache purge --tenant 9f86d081884c7d659a2feaa0c55ad015
    """
    path, num = _with_store(config_path, lambda store: store.purge(tenant))
    if as_json:
        write_json({"path": str(path), "deleted": num})
    else:
        write(f"{counted(num, 'answer')} deleted from {path}\n")


def _with_store(config_path: Path | None, use: Callable[[SqliteStore], Awaitable[T]]) -> tuple[Path, T]:
    """What `use` gives for the file that the settings name, and its path.

    Raises:
        RecordError: There is no such file, or it cannot be opened.
    """
    import asyncio

    from sparing.generate.cache.sqlite import SqliteStore
    from sparing.settings import load_settings
    from sparing.settings.paths import answers_file

    cache = load_settings(config_path).cache
    path = answers_file(cache, os.environ)

    async def run() -> T:
        store = SqliteStore(path, max_entries=cache.max_entries, max_bytes=cache.max_bytes, must_exist=True)
        try:
            return await use(store)
        finally:
            await store.aclose()

    return path, asyncio.run(run())
