"""The figures of row 10 as tables, a chart and notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sparing.evals.report import Report, Table
from sparing.evals.stats import Estimate
from sparing.evals.svg import Chart, Series, Spot
from sparing.evals.task import Draw

Alone = Mapping[str, Mapping[str, Mapping[str, float]]]
"""File -> form -> pooled numbers over all its questions."""
Runs = Mapping[int, Mapping[str, Mapping[str, Estimate]]]
"""Size of the catalogue -> way of sending it -> saved, ranked_in, cut."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All that was measured.

    Attributes:
        files: Questions per file.
        told_apart: Form -> how often textbook BM25 puts a gold tool first.
        cold_us, warm_us: CPU microseconds per definition, the first time and once it is remembered.
    """

    files: Mapping[str, int]
    alone: Alone
    runs: Runs
    told_apart: Mapping[str, Estimate]
    cold_us: float
    warm_us: float


def report(draw: Draw, source: str, figures: Figures) -> Report:
    """The finished report; `source` is the sentence on where the data are from."""
    return Report(
        f"bfcl:{draw.option}" if draw.option else "bfcl",
        "BFCL, tool definitions (scoreboard row 10)",
        (
            *(_alone(name, forms) for name, forms in figures.alone.items()),
            _runs(figures.runs),
            _told_apart(figures.told_apart),
        ),
        (_chart(figures.runs),),
        (source, *_notes(draw, figures)),
        _data(draw, figures),
    )


def _notes(draw: Draw, figures: Figures) -> tuple[str, ...]:
    files = ", ".join(f"{name} ({n} questions)" for name, n in figures.files.items())
    return (
        f"Files: {files}; what has no function definitions or no answers (multi_turn) is not used.",
        "Expressible counts gold calls that the published definition itself admits; a hint is a quotation, number, unit"
        " or example in the description of a gold argument, kept if the reduced definition says it literally.",
        "OpenAI's form: tokens by the formula of the OpenAI Cookbook, in which blanks and brackets cost nothing.",
        f"Catalogues: {draw.n} questions a file at most, other tools drawn from all files, seed {draw.seed}; ranked in:"
        " every tool that the gold calls is sent in full. The rest is listed by name and found by search.",
        "For comparison, published: TSCG (arXiv 2605.26165) saves 44-50 % of schema tokens.",
        f"CPU: {figures.cold_us:.0f} us per definition the first time, {figures.warm_us:.1f} us once it is remembered.",
    )


def _data(draw: Draw, figures: Figures) -> dict[str, object]:
    return {
        "row": 10,
        "n": draw.n,
        "seed": draw.seed,
        "alone": figures.alone,
        "catalogues": {
            str(size): {way: {key: _numbers(e) for key, e in of.items()} for way, of in ways.items()}
            for size, ways in figures.runs.items()
        },
        "told_apart": {form: _numbers(e) for form, e in figures.told_apart.items()},
        "cold_us": figures.cold_us,
        "warm_us": figures.warm_us,
    }


def _alone(file: str, forms: Mapping[str, Mapping[str, float]]) -> Table:
    columns = ("form", "saved", "of minified", "in OpenAI's form", "gold calls expressible", "value hints kept")
    rows = tuple(
        (
            form,
            _percent(n["saved"]),
            _percent(n["saved_of_minified"]),
            _percent(n["saved_in_openai_form"]),
            f"{_percent(n['expressible'])} of {n['calls']:.0f}",
            f"{_percent(n['hints_kept'])} of {n['hints']:.0f}",
        )
        for form, n in forms.items()
    )
    return Table(f"Every definition on its own: {file}", columns, rows)


def _runs(runs: Runs) -> Table:
    rows = tuple(
        (f"{size} tools: {way}", _interval(of["saved"]), _interval(of["ranked_in"]), _percent(of["cut"].mean))
        for size, ways in runs.items()
        for way, of in ways.items()
    )
    columns = ("catalogue", "saved (95 % CI)", "gold ranked in (95 % CI)", "catalogue was cut")
    return Table("Catalogues, through the pipeline at the balanced effort", columns, rows)


def _told_apart(told_apart: Mapping[str, Estimate]) -> Table:
    rows = tuple((form, _interval(e)) for form, e in told_apart.items())
    title = "Can tools be told apart by what is left? Gold tool first of the smallest catalogue, by textbook BM25"
    return Table(title, ("form", "gold first (95 % CI)"), rows)


def _chart(runs: Runs) -> Chart:
    series = []
    for size, ways in runs.items():
        ours = sorted((of for way, of in ways.items() if way.startswith("sparing")), key=lambda of: of["saved"].mean)
        series.append(Series(f"{size} tools", tuple(_spot(of["saved"], of["ranked_in"]) for of in ours)))
    return Chart("Catalogues: all tools, then 32, 16, 8", "schema tokens saved, %", "gold ranked in, %", tuple(series))


def _spot(saved: Estimate, ranked_in: Estimate) -> Spot:
    return Spot(100 * saved.mean, 100 * ranked_in.mean, 100 * ranked_in.low, 100 * ranked_in.high)


def _numbers(e: Estimate) -> dict[str, float]:
    return {"mean": e.mean, "low": e.low, "high": e.high}


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _interval(e: Estimate) -> str:
    return f"{100 * e.mean:.1f} ({100 * e.low:.1f}..{100 * e.high:.1f})"
