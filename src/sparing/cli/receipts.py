"""`sparing receipts`: the accounts of single requests."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sparing.cli.options import config_option, json_option
from sparing.cli.output import console, percent, seconds, write_json
from sparing.errors import RequestError

if TYPE_CHECKING:
    from sparing.core.receipt import Receipt, SpanReceipt


@click.command()
@click.argument("receipt_id", metavar="[ID]", required=False)
@click.option("-n", "num", type=click.IntRange(min=1), default=20, show_default=True, help="How many, newest first.")
@json_option
@config_option
def command(receipt_id: str | None, num: int, as_json: bool, config_path: Path | None) -> None:
    """List the newest receipts, or show one in full.

    A receipt holds counts, hashes and reasons, never text. Its ID is in the x-sparing-receipt header
    of the gateway's answer.
    """
    from sparing.record.store import ReceiptStore
    from sparing.settings import load_settings
    from sparing.settings.paths import receipts_file

    path = receipts_file(load_settings(config_path).record, os.environ)
    with ReceiptStore(path, must_exist=True) as store:
        if receipt_id is None:
            receipts = store.recent(num)
        elif found := store.get(receipt_id):
            receipts = [found]
        else:
            raise RequestError(f"there is no receipt {receipt_id}", hint="`sparing receipts` lists the newest")
    if as_json:
        shown = [_as_dict(receipt) for receipt in receipts]
        write_json(shown if receipt_id is None else shown[0])
    elif receipt_id is None:
        _print_list(receipts)
    else:
        _print_one(receipts[0])


def _print_list(receipts: Sequence[Receipt]) -> None:
    from rich import box
    from rich.table import Table

    if not receipts:
        click.echo("no receipts yet")
        return
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("id", no_wrap=True)
    table.add_column("when", no_wrap=True)
    table.add_column("model", overflow="fold")
    table.add_column("tokens", justify="right", no_wrap=True)
    table.add_column("kept", justify="right", no_wrap=True)
    table.add_column("outcome", overflow="fold")
    for receipt in receipts:
        table.add_row(
            receipt.id,
            _when(receipt, "%m-%d %H:%M"),
            receipt.model,
            _tokens(receipt),
            percent(receipt.kept),
            _outcome(receipt),
        )
    console().print(table)


def _print_one(receipt: Receipt) -> None:
    from rich import box
    from rich.table import Table

    out = console()
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(receipt):
        facts.add_row(name, value)
    out.print(facts)
    if not receipt.spans:
        return
    spans = Table(box=box.SIMPLE_HEAD)
    for heading in ("span", "content", "reducer", "judged by"):
        spans.add_column(heading, overflow="fold")
    spans.add_column("tokens", justify="right", no_wrap=True)
    spans.add_column("left out", justify="right")
    spans.add_column("why", overflow="fold")
    for span in receipt.spans:
        spans.add_row(span.label, span.content, span.reducer, span.judged_by, _tokens(span), _left_out(span), span.why)
    out.print(spans)


def _facts(receipt: Receipt) -> list[tuple[str, str]]:
    about = "" if receipt.exact else ", estimated"
    facts = [
        ("id", receipt.id),
        ("when", _when(receipt, "%Y-%m-%d %H:%M:%S")),
        ("wire, model", f"{receipt.wire}, {receipt.model}"),
        ("tier", _tier(receipt)),
        ("mode", receipt.mode),
        ("tenant, policy", ", ".join(filter(None, (receipt.tenant, receipt.policy)))),
        ("tokens", f"{_tokens(receipt)} (kept {percent(receipt.kept)}{about})"),
        ("time", ", ".join(f"{step} {seconds(ms)}" for step, ms in receipt.step_ms.items())),
        ("passages", _passages(receipt)),
        ("nothing reduced", receipt.reason),
        ("decided", receipt.decided),
        ("made smaller", receipt.eased),
        ("cache", _cache(receipt)),
        ("answer", _answer(receipt)),
        ("answer ended", receipt.stopped),
        ("answer too long", _overrun(receipt)),
        ("error", receipt.error),
    ]
    return [(name, value) for name, value in facts if value]


def _tier(receipt: Receipt) -> str:
    if not receipt.tier:
        return ""
    tries = f", {receipt.tries} tries" if receipt.tries > 1 else ""
    wasted = sum(max(one.usage.output_tokens, 0) for one in receipt.spent)
    return receipt.tier + tries + (f", {wasted:,} tokens answered that were not good enough" if wasted else "")


def _passages(receipt: Receipt) -> str:
    if not receipt.store:
        return ""
    checked = f", {receipt.unsupported} of {receipt.claims} sentences unsupported" if receipt.claims >= 0 else ""
    return f"{receipt.retrieved_tokens:,} tokens beside the question, from {receipt.store}{checked}"


def _answer(receipt: Receipt) -> str:
    if not receipt.status:
        return ""
    parts = [f"status {receipt.status}"]
    if receipt.usage_input_tokens >= 0:
        parts.append(f"{receipt.usage_input_tokens:,} tokens in by the provider's count")
    if receipt.usage_output_tokens >= 0:
        thought = f", {receipt.usage_reasoning_tokens:,} of them thought" if receipt.usage_reasoning_tokens > 0 else ""
        parts.append(f"{receipt.usage_output_tokens:,} out{thought}")
    if receipt.depth:
        parts.append(f"depth {receipt.depth}")
    if receipt.extra_turns:
        turns = "1 extra turn" if receipt.extra_turns == 1 else f"{receipt.extra_turns} extra turns"
        parts.append(f"{receipt.recalled_tokens:,} tokens recalled in {turns}")
    if receipt.first_byte_ms:
        parts.append(f"first byte {seconds(receipt.first_byte_ms)}")
    return ", ".join([*parts, f"all {seconds(receipt.total_ms)}"])


def _overrun(receipt: Receipt) -> str:
    if not receipt.overrun:
        return ""
    where = f", all of it: sparing recall {receipt.full_answer}" if receipt.full_answer else ""
    return f"{receipt.overrun}, {receipt.said_tokens:,} -> {receipt.shown_tokens:,} tokens{where}"


def _cache(receipt: Receipt) -> str:
    parts = [f"{receipt.cache_marks} breakpoints set"] if receipt.cache_marks else []
    if receipt.usage_cache_read_tokens >= 0:
        parts.append(f"{receipt.usage_cache_read_tokens:,} tokens read")
    written = sum(tokens for _, tokens in receipt.usage_cache_writes)
    if written:
        parts.append(f"{written:,} written")
    return ", ".join(parts)


def _outcome(receipt: Receipt) -> str:
    parts = [str(receipt.status)] if receipt.status else []
    if receipt.mode != "on":
        parts.append(receipt.mode)
    parts.append(receipt.error or receipt.reason or _reducers(receipt))
    return ", ".join(part for part in parts if part)


def _reducers(receipt: Receipt) -> str:
    return " + ".join(dict.fromkeys(span.reducer for span in receipt.spans if span.tokens_after < span.tokens_before))


def _tokens(counted: Receipt | SpanReceipt) -> str:
    return f"{counted.tokens_before:,} -> {counted.tokens_after:,}"


def _left_out(span: SpanReceipt) -> str:
    return f"{span.elided:,} {span.unit}" if span.elided else ""


def _when(receipt: Receipt, pattern: str) -> str:
    return datetime.fromtimestamp(receipt.created_s).astimezone().strftime(pattern)


def _as_dict(receipt: Receipt) -> dict[str, Any]:
    import msgspec

    return {**msgspec.to_builtins(receipt), "kept": round(receipt.kept, 4), "saved_tokens": receipt.saved_tokens}
