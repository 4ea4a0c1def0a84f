"""`sparing eval`: measure reduction on public data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sparing.cli.options import json_option
from sparing.cli.output import console, note, write
from sparing.errors import SettingsError

if TYPE_CHECKING:
    from sparing.evals.splits import Split


@click.command()
@click.argument("name", required=False)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with the data sets.  [default: SPARING_DATA]",
)
@click.option("-n", "num_samples", type=click.IntRange(min=1), metavar="N", help="Most samples to take.")
@click.option("--seed", default=0, show_default=True, help="Which samples are drawn.")
@click.option(
    "--split",
    type=click.Choice(("train", "validation", "test")),
    help="Only articles, meetings or reports of this part of the data.",
)
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), help="How long each load lasts (load).")
@click.option("--method", "methods", multiple=True, metavar="NAME", help="Method to compare. Repeatable.")
@json_option
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder to write the report to.")
def command(
    name: str | None,
    data: Path | None,
    num_samples: int | None,
    seed: int,
    split: Split | None,
    minutes: float | None,
    methods: tuple[str, ...],
    as_json: bool,
    out: Path | None,
) -> None:
    """Run the evaluation NAME and print its report. Without NAME, list the evaluations.

    \b
    Examples:
      sparing eval xquad --data data -n 100
      sparing eval loghub --json --out reports
      sparing eval load:crowd -n 5000
      sparing eval load:chaos --minutes 5
    """
    from sparing.evals import run

    if name is None:
        write("".join(f"{known}\n" for known in run.names()))
        return
    if name.partition(":")[0] not in run.names():
        raise SettingsError(f"no evaluation is called {name!r}", hint=f"known: {', '.join(run.names())}")
    report = run.main(
        name, data=data, n=num_samples, seed=seed, methods=methods or None, out=out, split=split, minutes=minutes
    )
    if as_json:
        write(report.as_json())
    else:
        _print(report.markdown(charts=False))
    if out is not None:
        note(f"report written to {out}")


def _print(markdown: str) -> None:
    """Drawn on a terminal, as it is into a pipe."""
    import sys

    if not sys.stdout.isatty():
        write(markdown)
        return
    from rich.markdown import Markdown

    console().print(Markdown(markdown))
