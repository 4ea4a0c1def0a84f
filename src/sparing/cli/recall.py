"""`sparing recall`: what was left out, by its handle."""

from __future__ import annotations

from pathlib import Path

import click

from sparing.cli.kept import open_elided
from sparing.cli.options import config_option, json_option, model_option
from sparing.cli.output import write, write_json
from sparing.errors import RequestError


@click.command()
@click.argument("handle")
@click.option("--about", metavar="QUESTION", default="", help="Only what this question needs, up to 2,000 tokens.")
@model_option
@json_option
@config_option
def command(handle: str, about: str, model: str, as_json: bool, config_path: Path | None) -> None:
    """Print the text that HANDLE stands for.

    HANDLE is what a mark such as [… more: sparing_recall(3f9ac21b07)] names, or a text's whole SHA-256
    from a receipt. Texts are kept by `sparing reduce --recall`, and by the gateway with
    recall.store = true.

    \b
    Examples:
      sparing recall 3f9ac21b07
      sparing recall 3f9ac21b07 --about "Who signed the contract?"
    """
    from sparing.finish.recall import narrowed, read_handle
    from sparing.settings import load_settings
    from sparing.tokens.models import counter_for

    wanted = read_handle(handle)
    if not wanted:
        raise RequestError(f"{handle!r} is no handle", hint="it is ten or more hexadecimal digits: 3f9ac21b07")
    recall = load_settings(config_path).recall
    with open_elided(recall, must_exist=True) as store:
        text = store.find(wanted)
    if text is None:
        hint = f"a text is kept for {recall.keep_hours:g} hours; see recall.keep_hours and recall.max_bytes"
        raise RequestError(f"nothing is kept under {wanted}", hint=hint)
    if about:
        text = narrowed(text, about, model)
    if as_json:
        write_json({"handle": wanted, "tokens": counter_for(model).count(text), "text": text})
    else:
        write(text)
