"""`sparing cache`: look and delete."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from running_cli import Cli

from sparing.generate.cache.entry import Entry
from sparing.generate.cache.sqlite import SqliteStore


def keep(path: Path) -> int:
    """Twelve answers to eleven tenants; their bytes."""
    entries = [
        Entry(b"%d" % number, f"tenant-{max(1, number):02}", 200, "application/json", b"{}", (2,), 1.0, 9e12)
        for number in range(12)
    ]

    async def put() -> None:
        store = SqliteStore(path, max_entries=99, max_bytes=999_999)
        for entry in entries:
            await store.put(entry)
        await store.aclose()

    asyncio.run(put())
    return sum(entry.size_bytes for entry in entries)


def test_stats_and_purge(cli: Cli, home: Path) -> None:
    """Counts by tenant; one tenant's answers go, then all."""
    path = home / "answers.sqlite"
    size = keep(path)
    lines = cli("cache", "stats").text.splitlines()
    assert lines[0] == f"12 answers to 11 tenants, {size:,} bytes, in {path}"
    assert lines[1].split() == ["2", "tenant-01"]
    assert lines[-1].strip() == "and 1 more: --json shows all"
    assert json.loads(cli("cache", "stats", "--json").out)["tenants"]["tenant-11"] == 1
    assert cli("cache", "purge", "--tenant", "tenant-01").text.strip() == f"2 answers deleted from {path}"
    assert json.loads(cli("cache", "purge", "--json").out) == {"path": str(path), "deleted": 10}


def test_no_file(cli: Cli, home: Path) -> None:
    """Said, with what would make one; none is made."""
    outcome = cli("cache", "stats")
    assert outcome.code != 0
    assert 'store = "sqlite"' in outcome.err
    assert not (home / "answers.sqlite").exists()
