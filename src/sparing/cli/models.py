"""`sparing models`: the weights of the embedded model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sparing.cli.options import config_option, json_option
from sparing.cli.output import console, note, write, write_json
from sparing.cli.progress import bar
from sparing.errors import ModelMissing

if TYPE_CHECKING:
    from sparing.generate.weights import Weights


@click.group()
def command() -> None:
    """List, fetch and locate the embedded models."""


@command.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """List the embedded models, and which are here."""
    from sparing.generate import weights

    rows = [(model, _found(model.name)) for model in weights.known()]
    if as_json:
        write_json([_as_dict(model, path) for model, path in rows])
        return
    from rich import box
    from rich.table import Table

    table = Table("name", "licence", box=box.SIMPLE_HEAD)
    table.add_column("size", justify="right")
    table.add_column("where", overflow="fold")
    for model, path in rows:
        where = str(path) if path else f"not here; sparing models pull {model.name}"
        table.add_row(model.name, model.licence, _megabytes(model), where)
    console().print(table)


@command.command()
@click.argument("name", required=False)
@config_option
def pull(name: str | None, config_path: Path | None) -> None:
    """Fetch the weights of a model (default: the configured one) and print where they are."""
    from sparing.generate import weights

    wanted = name or _configured(config_path)
    with bar(f"fetching {wanted}", unit_bytes=True) as report:
        path = weights.pull(wanted, _folder(), report)
    note(f"{wanted}: {path.stat().st_size:,} bytes, checked")
    write(f"{path}\n")


@command.command()
@click.argument("name", required=False)
@config_option
def path(name: str | None, config_path: Path | None) -> None:
    """Print the path of a model's weights (default: the configured one)."""
    from sparing.generate import weights

    write(f"{weights.locate(name or _configured(config_path), _folder())}\n")


def _configured(config_path: Path | None) -> str:
    from sparing.settings import load_settings

    return load_settings(config_path).local.model


def _folder() -> Path:
    from sparing.settings.paths import models_folder

    return models_folder(os.environ)


def _found(name: str) -> Path | None:
    from sparing.generate import weights

    try:
        return weights.locate(name, _folder())
    except ModelMissing:
        return None


def _megabytes(model: Weights) -> str:
    return f"{model.size_bytes / 1e6:.0f} MB"


def _as_dict(model: Weights, path: Path | None) -> dict[str, object]:
    return {
        "name": model.name,
        "licence": model.licence,
        "size_bytes": model.size_bytes,
        "sha256": model.sha256,
        "path": str(path) if path else None,
    }
