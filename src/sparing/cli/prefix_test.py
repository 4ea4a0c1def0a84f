"""`sparing prefix-test`: does the provider's prompt cache survive the reduction?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sparing.cli.options import json_option, share
from sparing.cli.output import console, write_json
from sparing.cli.traffic import UNREADABLE, policy, policy_options, read, unreadable
from sparing.errors import RequestError

if TYPE_CHECKING:
    from sparing.evals.traffic.logs import Traffic
    from sparing.evals.traffic.prefix import PrefixTest
    from sparing.evals.traffic.sender import Sender
    from sparing.settings import PolicySettings

_SHOWN = 10
Ways = dict[str, list["PrefixTest"]]


@click.command()
@click.argument("paths", nargs=-1, metavar="[FILE]...", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--replay",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take all logs in this folder.",
)
@click.option("--as-sent", is_flag=True, help="Take the bodies as they are, whoever made them; reduce nothing.")
@click.option(
    "--tolerance",
    type=share,
    default="0",
    show_default=True,
    metavar="SHARE",
    help="Share of the tokens that may be re-billed, 0 to 1.",
)
@policy_options
@json_option
@click.pass_context
def command(
    context: click.Context,
    paths: tuple[Path, ...],
    folder: Path | None,
    as_sent: bool,
    tolerance: float,
    policy_path: Path | None,
    effort: str | None,
    model: str,
    as_json: bool,
) -> None:
    """Test whether each turn of a conversation begins with what the turn before it sent.

    Takes logs of requests or conversations in OpenAI's or Anthropic's form, a JSON object a line.
    Reduces every turn, once in this process and once in two others by turns, one of which is
    restarted, and counts the tokens that a provider's prompt cache would have to bill again.

    \b
    Exit status: 0 stable, 1 more was re-billed than is tolerated, 3 stable, but lines were left out.

    \b
    Examples:
      sparing prefix-test requests.jsonl
      sparing prefix-test --replay logs --effort max --tolerance 0.01
      sparing prefix-test --as-sent turn1.json turn2.json
    """
    given = [*paths, *([folder] if folder else [])]
    if not given:
        raise RequestError("nothing to read", hint="name log files, or --replay FOLDER")
    traffic = read(given, model)
    ways = _run(traffic, None if as_sent else policy(policy_path, effort))
    shares = [_share(tests) for tests in ways.values()]
    stable = all(one <= tolerance for one in shares)
    if as_json:
        write_json(_as_dict(ways, traffic, tolerance, stable=stable))
    else:
        _print(ways, tolerance, stable=stable)
    if not stable:
        context.exit(1)
    if traffic.unreadable:
        context.exit(UNREADABLE)


def _run(traffic: Traffic, tried: PolicySettings | None) -> Ways:
    from sparing.evals.progress import track
    from sparing.evals.traffic import replica, sender
    from sparing.evals.traffic.prefix import prefix_tests

    senders: list[Sender] = [sender.as_sent()]
    if tried is not None:
        senders = [sender.sparing(tried), replica.two_replicas(tried)]
    ways = {}
    with track("prefix", len(senders) * len(traffic.conversations)) as progress:
        for one in senders:
            progress.show(one.name)
            blame = tried is not None
            ways[one.name] = list(prefix_tests(traffic.conversations, one, progress.step, blame_caller=blame))
    return ways


def _share(tests: Sequence[PrefixTest]) -> float:
    before = sum(one.before_tokens for one in tests)
    return sum(one.rebilled_tokens for one in tests) / before if before else 0.0


def _print(ways: Ways, tolerance: float, *, stable: bool) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for number, heading in enumerate(("sent by", "turns", "tokens", "re-billed", "share", "changed by the caller")):
        table.add_column(heading, justify="right" if number else "left")
    for way, tests in ways.items():
        table.add_row(
            way,
            f"{sum(one.turns for one in tests):,}",
            f"{sum(one.sent_tokens for one in tests):,}",
            f"{sum(one.rebilled_tokens for one in tests):,}",
            _percent(_share(tests)),
            f"{sum(one.by_caller_tokens for one in tests):,}",
        )
    out = console()
    out.print(table)
    breaks = [(way, test.conversation, one) for way, tests in ways.items() for test in tests for one in test.breaks]
    for way, where, one in breaks[:_SHOWN]:
        tokens = f"{one.rebilled_tokens:,} tokens from {one.label} on"
        out.print(escape(f"{where}, turn {one.turn}, {way}: {tokens}: {one.why}"), soft_wrap=True)
    if len(breaks) > _SHOWN:
        out.print(f"... and {len(breaks) - _SHOWN:,} more; --json has them all")
    verdict = "stable" if stable else "not stable"
    out.print(f"{verdict}: {_percent(max(map(_share, ways.values())))} re-billed, {_percent(tolerance)} tolerated")


def _percent(part: float) -> str:
    return f"{100 * part:.2f} %" if part else "0 %"


def _as_dict(ways: Ways, traffic: Traffic, tolerance: float, *, stable: bool) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "stable": stable,
        "tolerance": tolerance,
        "unreadable": unreadable(traffic),
        "ways": [
            {
                "way": way,
                "rebilled_share": _share(tests),
                "rebilled_tokens": sum(one.rebilled_tokens for one in tests),
                "by_caller_tokens": sum(one.by_caller_tokens for one in tests),
                "before_tokens": sum(one.before_tokens for one in tests),
                "conversations": [
                    {**asdict(one), "rebilled_tokens": one.rebilled_tokens, "by_caller_tokens": one.by_caller_tokens}
                    for one in tests
                ],
            }
            for way, tests in ways.items()
        ],
    }
