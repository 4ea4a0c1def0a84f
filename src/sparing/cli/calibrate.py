"""`sparing calibrate`: what may be left out at which risk, learned from your own traffic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sparing.cli.options import config_option, json_option
from sparing.cli.output import console, note, percent, write_json
from sparing.errors import RequestError

if TYPE_CHECKING:
    from sparing.core.calibration import Curve
    from sparing.evals.calibration.examples import Example
    from sparing.evals.calibration.fit import Fitted, Traced

_RISKS = (0.01, 0.02, 0.05, 0.1)


@click.command()
@click.argument("paths", nargs=-1, metavar="[FILE|DIR]...", type=click.Path(exists=True, path_type=Path))
@click.option("--traffic", is_flag=True, help="The files are logs of requests: what was used later was needed.")
@click.option("--public", is_flag=True, help="Use the public data sets instead of files: their validation part.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with the public data sets.  [default: SPARING_DATA]",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default="calibration.json",
    show_default=True,
    help="File to write.",
)
@click.option("--upstream", metavar="WHO", help="Ask this model, with and without reduction; labels are not needed.")
@click.option("--model", help="Model to ask.  [default: the embedded one, or the only one the upstream offers]")
@json_option
@config_option
def command(
    paths: tuple[Path, ...],
    traffic: bool,
    public: bool,
    data: Path | None,
    out: Path,
    upstream: str | None,
    model: str | None,
    as_json: bool,
    config_path: Path | None,
) -> None:
    """Fit what may be left out at which risk, and write it to a file.

    Each line of FILE is {"text": "...", "question": "...", "needed": ["...", ...]}: what the question
    needs of the text, as the text writes it. With --traffic, logs of requests as `sparing replay` takes
    them label themselves: a value of a tool's result that a later call or answer uses was needed. With
    --upstream a model is asked about every text some ten times: what changes its answer was needed.
    The setting policy.calibration_file names the file for --risk, x-sparing-risk and policy.risk.

    \b
    Examples:
      sparing calibrate labels.jsonl --out calibration.json
      sparing calibrate logs --traffic
      sparing calibrate questions.jsonl --upstream local
    """
    examples, licences = _examples(paths, traffic=traffic, public=public, data=data, labelled=upstream is None)
    from sparing.evals.calibration.fit import as_json as written
    from sparing.evals.calibration.fit import fit
    from sparing.evals.progress import track

    with track("calibrate", len(examples)) as progress, _tracing(upstream, model, config_path) as traced:
        fitted = fit(examples, licences, progress.step, traced)
    if not fitted.calibration.curves:
        reasons = ", ".join(f"{reason} ({number:,})" for reason, number in fitted.skipped.items())
        raise RequestError(f"nothing could be calibrated: {reasons or 'no examples'}")
    out.write_bytes(written(fitted.calibration))
    if as_json:
        write_json(_as_dict(fitted, out))
    else:
        _print(fitted)
    note(f"calibration written to {out}")


def _examples(
    paths: Sequence[Path], *, traffic: bool, public: bool, data: Path | None, labelled: bool
) -> tuple[list[Example], dict[str, str]]:
    if public and paths:
        raise RequestError("--public takes no files", hint="give one of the two")
    if not public and not paths:
        raise RequestError("nothing to calibrate on", hint="name files, or give --public")
    if public:
        from sparing.evals.calibration.public import SOURCES, calibrated_on
        from sparing.evals.data import data_dir

        return calibrated_on(data_dir(data)), {name: source.licence for name, source in SOURCES.items()}
    if traffic:
        from sparing.cli.traffic import read
        from sparing.evals.calibration.self_labelled import examples_of

        return examples_of(read(paths, "").conversations), {}
    from sparing.evals.calibration.labelled import read_labelled

    return read_labelled(paths, labelled=labelled), {}


@contextmanager
def _tracing(upstream: str | None, model: str | None, config_path: Path | None) -> Iterator[Traced]:
    """What finds out what is lost of an example: its labels, or the answers of a model."""
    from sparing.evals.calibration.traces import trace_by_tiers

    if upstream is None:
        yield trace_by_tiers
        return
    from sparing.cli.asking import answering
    from sparing.evals.calibration.agreement import trace_by
    from sparing.settings import load_settings

    settings = load_settings(config_path, overrides={"upstream.openai_url": upstream})
    with answering(settings, model) as answer:
        yield trace_by(answer)


def _print(fitted: Fitted) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table("scorer", "texts", "n", *(f"risk {percent(risk)}" for risk in _RISKS), box=box.SIMPLE_HEAD)
    for curve in fitted.calibration.curves:
        table.add_row(curve.scorer, curve.content, f"{curve.n:,}", *(_cell(curve, fitted, risk) for risk in _RISKS))
    out = console()
    out.print(table)
    for reason, number in fitted.skipped.items():
        out.print(escape(f"{number:,} not used: {reason}"))
    least = " / ".join(f"{_fewest(risk):,}" for risk in _RISKS)
    out.print(f"examples that a promise takes at least: {least}")


def _cell(curve: Curve, fitted: Fitted, risk: float) -> str:
    kept = _kept(curve, fitted, risk)
    return "too few" if kept is None else f"keeps {percent(kept)}"


def _kept(curve: Curve, fitted: Fitted, risk: float) -> float | None:
    """Share of the examples' tokens that a risk keeps; None where too few were calibrated for it."""
    from sparing.plan.risk import Asked, threshold

    level = threshold(curve, Asked(risk))
    if level is None:
        return None
    at = curve.worth.index(level)
    mine = [one for one in fitted.traces if one.key == (curve.scorer, curve.content)]
    return sum(one.tokens[at] for one in mine) / sum(one.tokens_whole for one in mine)


def _fewest(risk: float) -> int:
    from sparing.plan.risk import Asked, fewest

    return fewest(Asked(risk))


def _as_dict(fitted: Fitted, out: Path) -> dict[str, Any]:
    from sparing.plan.risk import Asked, threshold

    calibration = fitted.calibration
    return {
        "file": str(out),
        "made": calibration.made,
        "sources": [{"name": one.name, "n": one.num_examples, "sha256": one.sha256} for one in calibration.sources],
        "skipped": dict(fitted.skipped),
        "fewest": {f"{risk:g}": _fewest(risk) for risk in _RISKS},
        "curves": [
            {
                "scorer": curve.scorer,
                "content": curve.content,
                "n": curve.n,
                "risks": {
                    f"{risk:g}": {"worth": threshold(curve, Asked(risk)), "kept": _kept(curve, fitted, risk)}
                    for risk in _RISKS
                },
            }
            for curve in calibration.curves
        ],
    }
