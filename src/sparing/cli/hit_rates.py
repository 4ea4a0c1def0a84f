"""What came of the documents of stores, for `sparing stats --retrieval`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sparing.cli.output import console, percent, write_json

if TYPE_CHECKING:
    from sparing.record.retrievals import Rates


def show_hit_rates(path: Path, since_s: float, *, as_json: bool) -> None:
    """Print a row for each document.

    Raises:
        RecordError: There is no such file, or it cannot be read.
    """
    from sparing.record.retrievals import RetrievalLog

    with RetrievalLog(path, must_exist=True) as log:
        rows = log.rates(since_s=since_s)
    if as_json:
        import msgspec

        write_json({"since_s": since_s, "documents": msgspec.to_builtins(rows)})
    elif not rows:
        click.echo(f"nothing was fetched {'in that time' if since_s else 'yet'}, by {path}")
    else:
        _print(rows)


def _print(rows: Sequence[Rates]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("store")
    table.add_column("document", overflow="fold")
    for heading in ("fetched", "sent", "read", "cited", "of those read", "useful", "useless"):
        table.add_column(heading, justify="right")
    for row in rows:
        counts = (row.fetched, row.sent, row.reached, row.cited)
        share = percent(row.cited / row.reached) if row.reached else ""
        table.add_row(
            row.store, row.source, *(f"{count:,}" for count in counts), share, f"{row.useful:,}", f"{row.useless:,}"
        )
    console().print(table)
