"""`sparing retrievals`: who was sent what of which store."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sparing.cli.options import config_option, json_option
from sparing.cli.output import console, seconds, write_json
from sparing.cli.since import since

if TYPE_CHECKING:
    from sparing.core.retrieval import Retrieval


@click.command()
@click.option("--store", metavar="NAME", help="Only of this store.")
@click.option("--who", metavar="NAME", help="Only of this tenant (acme), project (acme/web) or key.")
@click.option("--since", "since_s", type=since, metavar="AGE|DAY", help="Only since: 12h, 7d, 2026-01-31.")
@click.option("-n", "num", type=click.IntRange(min=1), default=20, show_default=True, help="How many, newest first.")
@json_option
@config_option
def command(
    store: str | None, who: str | None, since_s: float | None, num: int, as_json: bool, config_path: Path | None
) -> None:
    """List what was fetched from stores: who asked, what they may read, what was sent and cited.

    The gateway writes a line for each retrieval, and so do `sparing ask` and `sparing search`. It
    holds counts, digests and sources, never text. --json shows every passage.
    """
    from sparing.record.retrievals import RetrievalLog
    from sparing.settings import load_settings
    from sparing.settings.paths import retrievals_file

    path = retrievals_file(load_settings(config_path).retrieval, os.environ)
    with RetrievalLog(path, must_exist=True) as log:
        lines = log.recent(num, store=store, who=who, since_s=since_s or 0.0)
    if as_json:
        import msgspec

        write_json(msgspec.to_builtins(lines))
    elif lines:
        _print(lines)
    else:
        click.echo(f"no such retrievals in {path}")


def _print(lines: Sequence[Retrieval]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("id", "when", "who", "store"):
        table.add_column(heading, no_wrap=heading != "who", overflow="fold")
    for heading in ("readable", "found", "sent", "tokens", "time"):
        table.add_column(heading, justify="right")
    table.add_column("sources, or why none", overflow="fold")
    for line in lines:
        sent = [passage for passage in line.passages if passage.sent]
        table.add_row(
            line.id,
            datetime.fromtimestamp(line.created_s).astimezone().strftime("%m-%d %H:%M"),
            line.who or "(anybody)",
            line.store,
            f"{line.allowed:,}",
            f"{len(line.passages):,}",
            f"{len(sent):,}",
            f"{line.tokens:,}",
            seconds(line.ms),
            _what(line),
        )
    console().print(table)


def _what(line: Retrieval) -> str:
    sources = ", ".join(dict.fromkeys(passage.source for passage in line.passages if passage.sent))
    parts = [line.reason or (sources if line.reached else f"{sources} (the request went nowhere)")]
    if line.claims >= 0:
        parts.append(f"{sum(passage.cited for passage in line.passages):,} cited")
        parts.append(f"{line.unsupported} of {line.claims} sentences unsupported")
    if line.wider:
        parts.append("asked twice")
    if line.useful is not None:
        parts.append("useful" if line.useful else "useless")
    return "; ".join(parts)
