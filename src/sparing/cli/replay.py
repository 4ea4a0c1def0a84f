"""`sparing replay`: what would this traffic have cost?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sparing.cli.options import json_option
from sparing.cli.output import console, note, write_json
from sparing.cli.traffic import UNREADABLE, policy, policy_options, read, unreadable

if TYPE_CHECKING:
    from sparing.evals.stats import Estimate
    from sparing.evals.traffic.logs import Traffic
    from sparing.evals.traffic.replay import Replayed, ReplayedTurn
    from sparing.evals.traffic.saving import Saving
    from sparing.settings import PolicySettings

_SHOWN = 10
_FEWEST = 5  # conversations; an interval over fewer says nothing


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="DIR|FILE...", type=click.Path(exists=True, path_type=Path))
@policy_options
@json_option
@click.pass_context
def command(
    context: click.Context,
    paths: tuple[Path, ...],
    policy_path: Path | None,
    effort: str | None,
    model: str,
    as_json: bool,
) -> None:
    """Send recorded traffic again and say what it would have cost with a policy.

    Takes folders and logs of requests or conversations in OpenAI's or Anthropic's form, a JSON
    object a line. Nothing leaves this machine: requests are reduced, counted and priced, the
    provider's prompt cache is modelled, answers are those of the log.

    \b
    Exit status: 0 done, 3 done, but lines were left out.

    \b
    Examples:
      sparing replay logs
      sparing replay requests.jsonl --effort max --model claude-sonnet-4-5
    """
    traffic = read(paths, model)
    replayed, unpriced = _run(traffic, policy(policy_path, effort))
    for name in unpriced:
        note(f"no prices for {name!r}: counted, not priced")
    if as_json:
        write_json(_as_dict(replayed, traffic))
    else:
        _print(replayed)
    if traffic.unreadable:
        context.exit(UNREADABLE)


def _run(traffic: Traffic, tried: PolicySettings) -> tuple[list[Replayed], list[str]]:
    """Every conversation, and the models that have no prices. Without prices for one nothing is priced."""
    from sparing.evals.progress import track
    from sparing.evals.traffic.replay import model_of, replay
    from sparing.evals.traffic.sender import sparing
    from sparing.prices.lookup import prices_for

    models = {model_of(conversation) for conversation in traffic.conversations}
    prices = {name: prices_for(name, file=tried.prices_file) for name in models}
    unpriced = sorted(name for name, row in prices.items() if row is None)
    sender = sparing(tried)
    replayed = []
    with track("replay", len(traffic.conversations)) as progress:
        for conversation in traffic.conversations:
            row = None if unpriced else prices[model_of(conversation)]
            replayed.append(replay(conversation, sender, row))
            progress.step()
    return replayed, unpriced


def _print(replayed: Sequence[Replayed]) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from sparing.evals.traffic.saving import lost, saving

    total = saving(replayed)
    table = Table(box=box.SIMPLE_HEAD)
    for number, heading in enumerate(("", "without", "with", "saved")):
        table.add_column(heading, justify="right" if number else "left")
    for row in _rows(total):
        table.add_row(*row)
    out = console()
    models = ", ".join(dict.fromkeys(one.model for one in replayed))
    noun = "conversation" if total.conversations == 1 else "conversations"
    out.print(f"{total.conversations:,} {noun}, {total.turns:,} turns, {escape(models)}")
    out.print(table)
    out.print(f"values of tool results that answers used, and could read: {_kept(total.values)}")
    out.print(f"users' own words, verbatim: {_kept(total.words)}")
    what = "bill" if total.log_usd else "tokens"
    out.print(escape(f"least saved: {100 * total.worst[1]:.1f} % of the {what}, {total.worst[0]}"), soft_wrap=True)
    if total.dearer:
        out.print(f"{total.dearer:,} of {total.conversations:,} conversations would have cost more")
    losses = lost(replayed)
    for where, turn, text in losses[:_SHOWN]:
        out.print(escape(f"lost: {where}, turn {turn}: {text[:80]!r}"), soft_wrap=True)
    if len(losses) > _SHOWN:
        out.print(f"... and {len(losses) - _SHOWN:,} more; --json has them all")
    if total.conversations < _FEWEST:
        out.print(f"fewer than {_FEWEST} conversations: no interval is given")


def _rows(total: Saving) -> list[tuple[str, str, str, str]]:
    log, sent = total.log_usage, total.sent_usage
    enough = total.conversations >= _FEWEST
    saved_tokens = _percent(total.saved_tokens_share, interval=enough)
    rows = [("prompt tokens", f"{log.input_tokens:,}", f"{sent.input_tokens:,}", saved_tokens)]
    if not total.log_usd:
        return rows
    return [
        *rows,
        ("  read from the cache", f"{log.cache_read_tokens:,}", f"{sent.cache_read_tokens:,}", ""),
        ("  written to the cache", f"{log.cache_write_tokens:,}", f"{sent.cache_write_tokens:,}", ""),
        ("answer tokens", f"{log.output_tokens:,}", f"{sent.output_tokens:,}", ""),
        (
            "USD per 1,000 turns",
            f"{total.log_usd:.2f}",
            f"{total.sent_usd:.2f}",
            f"{total.saved_usd.mean:.2f} = {_percent(total.saved_share, interval=enough)}",
        ),
        ("  of that for prompts", "", "", _percent(total.saved_input_share, interval=enough)),
    ]


def _percent(e: Estimate, *, interval: bool) -> str:
    text = f"{100 * e.mean:.1f} %"
    return f"{text} ({100 * e.low:.1f}..{100 * e.high:.1f})" if interval else text


def _kept(e: Estimate) -> str:
    return f"{e.got:,.0f} of {e.of:,.0f} ({100 * e.mean:.2f} %)" if e.of else "none"


def _as_dict(replayed: Sequence[Replayed], traffic: Traffic) -> dict[str, Any]:
    from dataclasses import asdict

    from sparing.evals.traffic.saving import lost, saving

    return {
        "total": asdict(saving(replayed)),
        "unreadable": unreadable(traffic),
        "lost": [{"conversation": where, "turn": turn, "text": text} for where, turn, text in lost(replayed)],
        "conversations": [
            {
                "conversation": one.conversation,
                "model": one.model,
                "log_usd": one.log_usd,
                "sent_usd": one.sent_usd,
                "turns": [_turn(turn) for turn in one.turns],
            }
            for one in replayed
        ],
    }


def _turn(turn: ReplayedTurn) -> dict[str, Any]:
    return {
        side: {
            "input_tokens": bill.usage.input_tokens,
            "cache_read_tokens": max(0, bill.usage.cache_read_tokens),
            "cache_write_tokens": bill.usage.cache_write_tokens,
            "output_tokens": bill.usage.output_tokens,
            "input_usd": bill.input_usd,
            "usd": bill.usd,
        }
        for side, bill in (("log", turn.log), ("sent", turn.sent))
    }
