"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def share(text: str) -> float:
    """A number from 0 to 1."""
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not 0 <= number <= 1:  # also refuses nan
        raise click.BadParameter(f"{text!r} is not a share between 0 and 1")
    return number


def config_option(command: F) -> F:
    """``--config``: the settings file to read."""
    return click.option(
        "--config",
        "config_path",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Settings file to read instead of the one found.",
    )(command)


def json_option(command: F) -> F:
    """``--json``: for programs to read."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def model_option(command: F) -> F:
    """``--model``: whose tokens to count."""
    return click.option("--model", default="gpt-4o", show_default=True, help="Whose tokens to count.")(command)


def select_option(command: F) -> F:
    """``--select``: who judges."""
    return click.option(
        "--select",
        type=click.Choice(["auto", "rules", "static", "encoder"]),
        default="auto",
        show_default=True,
        help="Who judges what the question needs.",
    )(command)


def material_options(command: F) -> F:
    """What `reduce` and `ask` both need to read and shorten material."""
    options = (
        click.option("--budget", type=click.IntRange(min=1), metavar="TOKENS", help="Most tokens the result may have."),
        click.option(
            "--kind",
            type=click.Choice(KINDS),
            default="auto",
            metavar="KIND",
            help=f"What the text is: {', '.join(KINDS)}.",
        ),
        click.option("--pin", "pins", multiple=True, metavar="TEXT", help="Keep what contains TEXT. Repeatable."),
        click.option("--encoding", default="utf-8", show_default=True, help="Encoding of the input."),
    )
    for option in reversed(options):
        command = option(command)
    return command


KINDS = ("auto", "prose", "markdown", "json", "log", "code", "diff", "html", "table", "grep", "test")
