"""`sparing feedback`: whether an answer that passages were sent for was useful."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sparing.cli.options import config_option
from sparing.errors import RequestError


@click.command()
@click.argument("receipt")
@click.option("--useful/--useless", "useful", default=None, help="What the answer was.")
@config_option
def command(receipt: str, useful: bool | None, config_path: Path | None) -> None:
    """Say of an answer, by its RECEIPT, whether it was useful: its passages rank higher for that tenant, or lower.

    Callers say so themselves with POST /sparing/feedback; see docs/retrieval.md.
    """
    from sparing.record.retrievals import RetrievalLog
    from sparing.settings import load_settings
    from sparing.settings.paths import retrievals_file

    if useful is None:
        raise click.UsageError("say --useful or --useless")
    path = retrievals_file(load_settings(config_path).retrieval, os.environ)
    with RetrievalLog(path, must_exist=True) as log:
        if not log.judge(receipt, useful=useful):
            raise RequestError(f"no answer {receipt!r} was given with passages", hint="`sparing retrievals` lists them")
    click.echo(f"{receipt}: {'useful' if useful else 'useless'}")
