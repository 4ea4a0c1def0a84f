"""`sparing version`."""

from __future__ import annotations

import platform

import click

from sparing import __version__


@click.command()
def command() -> None:
    """Print the version of Sparing and of Python."""
    click.echo(f"sparing {__version__} (Python {platform.python_version()}, {platform.system()} {platform.machine()})")
