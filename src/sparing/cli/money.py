"""`sparing stats --usd`: what was saved, in net money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sparing.cli.output import console, write_json

if TYPE_CHECKING:
    from sparing.core.prices import Prices
    from sparing.record.money import Net
    from sparing.record.store import MoneyBy

_HEADINGS = ("requests", "priced", "paid", "without Sparing", "saved", "could save")


def show_money(path: Path, since_s: float | None, by: MoneyBy, prices_file: str, *, as_json: bool) -> None:
    """Price the receipts at `path` and print the sums, one row per `by`, and what they do not cover."""
    from sparing.prices.lookup import prices_for
    from sparing.record.money import ledger, net
    from sparing.record.store import ReceiptStore

    def find(model: str, provider: str, prompt_tokens: int) -> Prices | None:
        return prices_for(model, provider, prompt_tokens=prompt_tokens, file=prices_file)

    with ReceiptStore(path, must_exist=True) as store:
        charges = list(store.charges(since_s=since_s or 0.0, by=by))
    rows, total = ledger(charges, find), net("", charges, find)
    if by != "day":
        rows = sorted(rows, key=lambda row: (-(row.paid_usd or 0.0), row.key))
    unpriced = sorted({charge.model for charge in charges if find(charge.model, charge.provider, 0) is None})
    if as_json:
        write_json(
            {
                "by": by,
                "since_s": since_s,
                "total": _as_dict(total) if total.num else None,
                "rows": [{by: row.key, **_as_dict(row)} for row in rows],
                "models_without_price": unpriced,
            }
        )
    elif not total.num:
        click.echo(f"no receipts {'in that time' if since_s else 'yet'} in {path}")
    else:
        _print_table(rows, total, by)
        for line in _remarks(total, unpriced):
            click.echo(line)


def _print_table(rows: Sequence[Net], total: Net, by: str) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_footer=True)
    audited = any(row.possible_usd is not None for row in (total, *rows))
    columns = list(zip((by, *_HEADINGS), ("total", *_cells(total)), strict=True))
    for heading, footer in columns if audited else columns[:-1]:
        table.add_column(heading, footer=footer, justify="left" if heading == by else "right")
    for row in rows:
        table.add_row(*(row.key or "(none)", *_cells(row))[: len(table.columns)])
    console().print(table)


def _cells(row: Net) -> tuple[str, ...]:
    return (
        f"{row.num:,}",
        f"{row.num_priced:,}",
        _usd(row.paid_usd),
        _usd(row.without_usd),
        _usd(None if row.saved is None else row.saved.total),
        _usd(row.possible_usd),
    )


def _remarks(total: Net, unpriced: Sequence[str]) -> list[str]:
    from sparing.record.money import MIN_REQUESTS

    lines = []
    if total.saved is not None and total.without_usd is not None:
        saved = total.saved
        share = f", {saved.total / total.without_usd * 100:.1f} % of the bill" if total.without_usd else ""
        lines.append(f"Saved, net: {_usd(saved.total)}{share} (95 % interval {_usd(saved.low)} to {_usd(saved.high)}).")
        if total.by_marks_usd:
            lines.append(f"Of it by cache breakpoints that Sparing set: {_usd(total.by_marks_usd)}.")
        lines.append("An estimate at list prices: what requests would have cost without Sparing was never billed.")
    else:
        lines.append(f"No money is shown over fewer than {MIN_REQUESTS} priced requests of a mode.")
    if total.recalled_tokens or total.extra_turns or total.resupplied_tokens:
        lines.append(
            f"Debited: {total.recalled_tokens:,} tokens recalled in {total.extra_turns:,} extra turns,"
            f" {total.resupplied_tokens:,} tokens sent again."
        )
    if total.num_no_price:
        named = ", ".join(unpriced[:5]) + (", ..." if len(unpriced) > 5 else "")
        lines.append(f"Not counted: {total.num_no_price:,} without a price ({named}); add rows in policy.prices_file.")
    if total.num_no_usage:
        why = "did not say what it billed, or what of it came from its cache"
        lines.append(f"Not counted: {total.num_no_usage:,} whose provider {why}.")
    return lines


def _usd(amount: float | None) -> str:
    """Dollars to the cent, small amounts to two digits that say something."""
    if amount is None:
        return "-"
    size = abs(amount)
    text = f"{size:,.2f}" if size >= 1 or size == 0 else f"{size:.4f}"
    return f"{'-' if amount < 0 else ''}${text}"


def _as_dict(row: Net) -> dict[str, Any]:
    counts = asdict(row)
    del counts["key"]
    rounded = partial(round, ndigits=6)
    for name in ("paid_usd", "without_usd", "possible_usd", "by_marks_usd"):
        counts[name] = None if counts[name] is None else rounded(counts[name])
    saved = counts.pop("saved")
    names = {"saved_usd": "total", "saved_low_usd": "low", "saved_high_usd": "high"}
    return {
        "requests": counts.pop("num"),
        "priced": row.num_priced,
        **{name: None if saved is None else rounded(saved[part]) for name, part in names.items()},
        **counts,
    }
