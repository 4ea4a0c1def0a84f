"""Row 22: is less lost than the risk that was asked for?

Texts of public data, each with what its question needs, on the ladders that requests are offered. Half of them
calibrate, the other half is measured, a hundred random splits. Three forms of the promise (see `plan.risk`):
*measured*, that the loss measured on the other half is at most the risk, with the confidence that is the default;
*expected*, that the expected loss is, with the same; *average*, that the expected loss is, on average over
calibrations. Beside them BM25, calibrated in the same way on the share of tokens that it keeps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from sparing.core.ladder import Skip
from sparing.errors import SettingsError
from sparing.evals.calibration.bm25_ladder import bm25_ladder
from sparing.evals.calibration.public import SETS, SOURCES, Parts, examples
from sparing.evals.calibration.resplit import Promise, promise
from sparing.evals.calibration.traces import Trace, trace, trace_on
from sparing.evals.data import provenance
from sparing.evals.progress import track
from sparing.evals.report import Report, Table
from sparing.evals.task import Bench, Draw
from sparing.plan.risk import Asked
from sparing.settings.policy import RISK_CONFIDENCE

RISKS = (0.01, 0.02, 0.05, 0.1)
_FORMS = {"measured": (RISK_CONFIDENCE, None), "expected": (RISK_CONFIDENCE, math.inf), "average": (0.0, None)}
_PARTS: dict[str, Parts] = {"unseen": ("validation", "test"), "all": ("train", "validation", "test")}
_FEWEST = 60  # texts; half of fewer promise nothing
_HEAD = ("texts", "n", "method", "promise", *(f"{100 * risk:g} %" for risk in RISKS))


@dataclass(frozen=True, slots=True)
class Row:
    """One promise at each of `RISKS` on one set of texts.

    Attributes:
        by_group: Whether articles, meetings and conversations stayed whole in the splits.
    """

    texts: str
    n: int
    method: str
    form: str
    by_group: bool
    came: tuple[Promise, ...]


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """Split `draw.n` times, calibrate and measure: on what no model was trained on, or with the option ``all`` on all.

    Args:
        names: Data sets, all by default.
    Raises:
        SettingsError: An unknown data set, or one that is not there.
    """
    if draw.option not in ("", *_PARTS):
        raise SettingsError(f"no option is called {draw.option!r}", hint=f"known: {', '.join(_PARTS)}")
    unknown = [name for name in names if name not in SETS]
    if unknown:
        raise SettingsError(f"no data set is called {unknown[0]!r}", hint=f"known: {', '.join(SETS)}")
    found = examples(draw.data_dir, _PARTS[draw.option or "unseen"], names)
    pairs: list[tuple[Trace, Trace]] = []
    with track("risk: texts", len(found)) as progress:
        for example in found:
            ours = trace(example)
            if not isinstance(ours, Skip):
                pairs.append((ours, trace_on(example, bm25_ladder(example.text, example.question), ours.content)))
            progress.step()
    sets = {name: some for name, some in _sets(pairs).items() if len(some) >= _FEWEST}
    rows: list[Row] = []
    with track("risk: splits", 3 * len(sets)) as progress:
        for name, some in sets.items():
            of_ours, of_bm25 = [one for one, _ in some], [one for _, one in some]
            rows += _rows(name, "sparing", of_ours, draw.n, tuple(_FORMS))
            progress.step()
            rows += _rows(name, "bm25", of_bm25, draw.n, ("measured",))
            progress.step()
            rows += _rows(name, "sparing", of_ours, draw.n, ("measured",), by_group=True)
            progress.step()
    return _report(rows, draw, names or tuple(SETS))


def _sets(pairs: Sequence[tuple[Trace, Trace]]) -> dict[str, list[tuple[Trace, Trace]]]:
    """Each data set by scorer and content type, and all data sets together where there are several."""
    sets: dict[str, list[tuple[Trace, Trace]]] = {}
    for pair in pairs:
        scorer, content = pair[0].key
        for source in (pair[0].example.source, "all"):
            sets.setdefault(f"{source}, {scorer} on {content}", []).append(pair)
    sizes = {len(some) for name, some in sets.items() if not name.startswith("all,")}
    return {n: some for n, some in sorted(sets.items()) if not n.startswith("all,") or len(some) not in sizes}


def _rows(
    texts: str, method: str, traces: Sequence[Trace], splits: int, forms: Sequence[str], *, by_group: bool = False
) -> list[Row]:
    asked = [Asked(risk, *_FORMS[form]) for form in forms for risk in RISKS]
    came = promise(traces, asked, splits=splits, by_group=by_group)
    size = len(RISKS)
    return [
        Row(texts, len(traces), method, form, by_group, came[place * size : (place + 1) * size])
        for place, form in enumerate(forms)
    ]


def _report(rows: Sequence[Row], draw: Draw, names: Sequence[str]) -> Report:
    by_text = [row for row in rows if not row.by_group]
    by_group = [row for row in rows if row.by_group]
    return Report(
        f"risk:{draw.option}" if draw.option else "risk",
        "Risk control over random splits (scoreboard row 22)",
        (
            _table(
                "Splits in which no more was lost than was asked for (of which so many promised nothing)",
                by_text,
                _held,
            ),
            _table("Tokens kept", by_text, lambda came: f"{100 * came.kept:.1f} %"),
            _table("Loss measured, mean over the splits", by_text, lambda came: f"{100 * came.loss:.2f} %"),
            _table("Whole articles, meetings, conversations on either side: splits that held", by_group, _held),
        ),
        notes=(
            f"{draw.n} random splits, half calibrates; tokens are o200k.",
            "Sets with fewer than 60 texts are left out.",
            *(provenance(SOURCES[name], draw.data_dir) for name in names),
        ),
        data={"row": 22, "splits": draw.n, "risks": RISKS, "rows": [asdict(row) for row in rows]},
    )


def _table(title: str, rows: Sequence[Row], cell: Callable[[Promise], str]) -> Table:
    cells = tuple((row.texts, f"{row.n:,}", row.method, row.form, *map(cell, row.came)) for row in rows)
    return Table(title, _HEAD, cells)


def _held(came: Promise) -> str:
    return f"{came.held}" + (f" ({came.silent})" if came.silent else "")


BENCH = Bench("risk", 22, "risk control over random splits", 100, measure, tuple(SETS))
