"""What the commands on recorded traffic share: options, reading, and saying what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sparing.cli.output import note

if TYPE_CHECKING:
    from sparing.evals.traffic.logs import Traffic
    from sparing.settings import PolicySettings

F = TypeVar("F", bound=Callable[..., Any])
UNREADABLE = 3
"""Exit code when all is well but for lines that were left out."""
_NAMED = 5


def policy_options(command: F) -> F:
    """``--policy``, ``--effort`` and ``--model``: how the traffic is to be reduced, and as whose it is counted."""
    options = (
        click.option(
            "--policy",
            "policy_path",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Settings file with the policy to try.  [default: the settings in force]",
        ),
        click.option("--effort", type=click.Choice(["off", "safe", "balanced", "max"]), help="Effort to try instead."),
        click.option(
            "--model", default="", metavar="NAME", help="Count and price as this model, not the recorded one."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def policy(path: Path | None, effort: str | None) -> PolicySettings:
    """The policy of a settings file or of the settings in force, with another effort if one is given."""
    from sparing.settings import load_settings

    return load_settings(path, overrides={"policy.effort": effort}).policy


def read(paths: Sequence[Path], model: str) -> Traffic:
    """Read logs and folders of logs, and say on stderr which lines were left out.

    Raises:
        RequestError: Nothing could be read.
    """
    from sparing.evals.traffic.logs import log_files, read_logs

    files = [file for path in paths for file in (log_files(path) if path.is_dir() else [path])]
    traffic = read_logs(files, model)
    if traffic.unreadable:
        one_line = len(traffic.unreadable) == 1
        lines = "1 line" if one_line else f"{len(traffic.unreadable):,} lines"
        note(f"{lines} could not be read and {'was' if one_line else 'were'} left out")
        for one in traffic.unreadable[:_NAMED]:
            note(f"  {one.where}: {one.why}")
    return traffic


def unreadable(traffic: Traffic) -> list[dict[str, str]]:
    """As JSON shows it."""
    return [{"where": one.where, "why": one.why} for one in traffic.unreadable]
