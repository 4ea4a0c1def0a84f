"""`sparing stats`: what was saved."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import click

from sparing.cli.options import config_option, json_option
from sparing.cli.output import console, percent, write_json
from sparing.cli.since import since

if TYPE_CHECKING:
    from sparing.record.store import Totals

By = Literal["model", "day", "reducer", "mode", "wire", "policy", "tenant"]


@click.command()
@click.option("--since", "since_s", type=since, metavar="AGE|DAY", help="Only receipts since: 12h, 7d, 2026-01-31.")
@click.option(
    "--by",
    type=click.Choice(get_args(By)),
    default="model",
    show_default=True,
    help="What a row is. Days are UTC.",
)
@click.option("--retrieval", is_flag=True, help="What came of the documents of stores; see docs/retrieval.md.")
@click.option("--usd", is_flag=True, help="Net money instead of tokens; see docs/money.md.")
@json_option
@config_option
def command(since_s: float | None, by: By, retrieval: bool, usd: bool, as_json: bool, config_path: Path | None) -> None:
    """Show the tokens before and after reduction, and what was saved.

    Saved tokens were left out of what was sent; in audit mode nothing is left out, and the column
    "could save" says what would have been. With --usd: what was paid, what it would have cost without
    Sparing, and the difference, net of what the provider caches anyway and of what recalls cost.
    With --retrieval: how often each document of a store was fetched, sent, cited and judged useful.
    """
    from sparing.record.store import ReceiptStore
    from sparing.settings import load_settings
    from sparing.settings.paths import receipts_file

    settings = load_settings(config_path)
    if retrieval:
        from sparing.cli.hit_rates import show_hit_rates
        from sparing.settings.paths import retrievals_file

        show_hit_rates(retrievals_file(settings.retrieval, os.environ), since_s or 0.0, as_json=as_json)
        return
    path = receipts_file(settings.record, os.environ)
    if usd:
        from sparing.cli.money import show_money

        if by == "reducer":
            raise click.BadParameter("money is per request, not per reducer", param_hint="--by")
        show_money(path, since_s, by, settings.policy.prices_file, as_json=as_json)
        return
    with ReceiptStore(path, must_exist=True) as store:
        rows = store.totals(since_s=since_s or 0.0, by=by)
        overall = store.totals(since_s=since_s or 0.0)
    if as_json:
        total = _as_dict(overall[0]) if overall and overall[0].num else None
        write_json(
            {"by": by, "since_s": since_s, "total": total, "rows": [{by: row.key, **_as_dict(row)} for row in rows]}
        )
    elif not overall or not overall[0].num:
        click.echo(f"no receipts {'in that time' if since_s else 'yet'} in {path}")
    else:
        _print(rows, overall[0], by)


def _print(rows: Sequence[Totals], overall: Totals, by: By) -> None:
    from rich import box
    from rich.table import Table

    audited = overall.possible_tokens > 0
    table = Table(box=box.SIMPLE_HEAD, show_footer=True)
    # A reducer's row counts the spans it took; the last line counts whole requests, whoever reduced them.
    columns = [
        (by, "all requests" if by == "reducer" else "total"),
        *zip(_HEADINGS, _cells(overall, audited=True), strict=True),
    ]
    for heading, total in columns if audited else columns[:-1]:
        table.add_column(heading, footer=total, justify="left" if heading == by else "right")
    for row in rows:
        table.add_row(row.key or "(none)", *_cells(row, audited=audited))
    console().print(table)


_HEADINGS = ("requests", "tokens before", "after", "kept", "saved", "could save")


def _cells(row: Totals, *, audited: bool) -> tuple[str, ...]:
    cells = (
        f"{row.num:,}",
        f"{row.tokens_before:,}",
        f"{row.tokens_after:,}",
        percent(_kept(row)),
        f"{row.saved_tokens:,}",
        f"{row.possible_tokens:,}",
    )
    return cells if audited else cells[:-1]


def _kept(row: Totals) -> float:
    return row.tokens_after / row.tokens_before if row.tokens_before else 1.0


def _as_dict(row: Totals) -> dict[str, Any]:
    return {
        "requests": row.num,
        "tokens_before": row.tokens_before,
        "tokens_after": row.tokens_after,
        "kept": round(_kept(row), 4),
        "saved_tokens": row.saved_tokens,
        "possible_tokens": row.possible_tokens,
    }
