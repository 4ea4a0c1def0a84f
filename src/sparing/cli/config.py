"""`sparing config`: the settings, as a file to start from or as they are in force."""

from __future__ import annotations

from pathlib import Path

import click

from sparing.cli.options import config_option, json_option
from sparing.cli.output import write
from sparing.errors import RequestError


@click.command()
@click.option("--effective", is_flag=True, help="Print the values in force, where they came from, keys masked.")
@json_option
@config_option
def command(effective: bool, as_json: bool, config_path: Path | None) -> None:
    """Print the settings: the commented default file, or what is in force.

    \b
    Examples:
      sparing config > sparing.toml
      sparing config --effective
    """
    from sparing.settings.load import resolve
    from sparing.settings.render import default_toml, effective_json, effective_toml

    if not effective:
        if as_json or config_path:
            raise RequestError("--json and --config need --effective", hint="sparing config --effective")
        write(default_toml())
        return
    resolved = resolve(config_path)
    write(effective_json(resolved) if as_json else effective_toml(resolved))
