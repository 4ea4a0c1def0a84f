"""`sparing reduce`: shorten files or standard input."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sparing.cli.batch import Batch, reduce_material
from sparing.cli.inputs import read_all
from sparing.cli.kept import keep_elided
from sparing.cli.options import config_option, json_option, material_options, model_option, select_option, share
from sparing.cli.output import batch_dict, note, receipt_line, write, write_json
from sparing.cli.progress import busy
from sparing.errors import RequestError

if TYPE_CHECKING:
    from sparing.settings.policy import Select


@click.command()
@click.argument("paths", nargs=-1, metavar="[FILE|GLOB|-]...")
@click.option(
    "--ask", "question", metavar="QUESTION", help="What the text is for; without it, what is central is kept."
)
@click.option("--keep", type=share, metavar="SHARE", help="Share of the tokens to keep, 0 to 1, instead of a budget.")
@click.option(
    "--risk",
    type=share,
    metavar="SHARE",
    help="Most of what the question needs that may be lost, 0 to 1: the shortest text that keeps it.",
)
@select_option
@model_option
@material_options
@click.option("--recall", is_flag=True, help="Keep what is left out; `sparing recall` gives it back by its handle.")
@json_option
@click.option("--show", "side_by_side", is_flag=True, help="Show what went, side by side, instead of the result.")
@click.option("--quiet", "-q", is_flag=True, help="No receipt on stderr.")
@config_option
def command(
    paths: tuple[str, ...],
    question: str | None,
    keep: float | None,
    risk: float | None,
    select: Select,
    model: str,
    budget: int | None,
    kind: str,
    pins: tuple[str, ...],
    encoding: str,
    recall: bool,
    as_json: bool,
    side_by_side: bool,
    quiet: bool,
    config_path: Path | None,
) -> None:
    """Shorten files or standard input to what a question needs.

    The result goes to stdout, the receipt to stderr. Several files share one budget.

    \b
    Examples:
      sparing reduce report.md --ask "Who signed the contract?" --budget 500
      journalctl -n 5000 | sparing reduce --keep 0.2
      sparing reduce report.md --ask "Who signed the contract?" --risk 0.02
      sparing reduce 'src/**/*.py' --ask "How are sessions closed?" --budget 4000 --json
    """
    if budget is not None and keep is not None:
        raise RequestError("--budget and --keep were both given", hint="give one of them")
    if as_json and side_by_side:
        raise RequestError("--json and --show were both given", hint="give one of them")
    material = read_all(paths, encoding)
    from sparing.settings import load_settings

    settings = load_settings(config_path, overrides={"policy.risk": risk})
    with busy("reducing"):
        batch = reduce_material(
            material,
            question=question,
            budget=budget,
            keep=keep,
            kind=kind,
            model=model,
            pins=(*settings.policy.pins, *pins),
            select=select,
            recall=recall or (settings.policy.recall and settings.recall.store),
            policy=settings.policy,
        )
    keep_elided(settings.recall, batch)  # before a handle is shown that nothing stands behind yet
    _print(batch, as_json=as_json, side_by_side=side_by_side)
    if not quiet:
        note(receipt_line(batch))
    from sparing.cli.ledger import receipt_of, remember

    remember(settings.record, receipt_of(batch, model))


def _print(batch: Batch, *, as_json: bool, side_by_side: bool) -> None:
    if as_json:
        write_json(batch_dict(batch))
    elif side_by_side:
        from sparing.cli.show import show

        show(batch)
    else:
        write(batch.text)
