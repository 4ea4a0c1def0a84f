"""Fits the router's weights: ``python -m sparing.generate.training.router DATA``, where DATA has ``routing/``.

Ridge regression of "the strong model is right and the weak is not" on the form of the question, about the mean of each
subject. Deterministic; the same data give the same file.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from sparing.generate.linear import Linear, standard
from sparing.generate.question_form import NAMES, form_of
from sparing.generate.training.least_squares import Sums, ridge, sums_of
from sparing.generate.training.outcomes import Outcome, read_outcomes

PENALTY = 3000.0  # rows are some thousand: the weights are held to about half of what least squares would say
_LEAST_SCALE = 1e-6
_QUANTILES = 21
_FILE = Path(__file__).parents[1] / "fitted" / "router.json"


def fit(outcomes: Sequence[Outcome], forms: Sequence[Sequence[float]], provenance: Mapping[str, str] = {}) -> Linear:
    """Weights fitted on these outcomes.

    Args:
        forms: `form_of` each prompt.
    """
    mean, scale = _moments(forms)
    rows = [standardised(form, mean, scale) for form in forms]
    weights = ridge([*group_sums(outcomes, rows).values()], PENALTY)
    made = Linear(NAMES, mean, scale, tuple(weights), 0.0, (), dict(provenance))
    scores = sorted(made.score(form) for form in forms)
    steps = [round(at * (len(scores) - 1) / (_QUANTILES - 1)) for at in range(_QUANTILES)]
    return msgspec.structs.replace(made, quantiles=tuple(scores[step] for step in steps))


def group_sums(outcomes: Sequence[Outcome], rows: Sequence[Sequence[float]]) -> dict[str, Sums]:
    """Subject to its sums."""
    groups: dict[str, list[int]] = {}
    for at, outcome in enumerate(outcomes):
        groups.setdefault(outcome.subject, []).append(at)
    return {
        subject: sums_of([rows[i] for i in group], [float(outcomes[i].gain > 0) for i in group])
        for subject, group in groups.items()
    }


def standardised(form: Sequence[float], mean: Sequence[float], scale: Sequence[float]) -> list[float]:
    return [standard(*column) for column in zip(form, mean, scale, strict=True)]


def _moments(forms: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    columns = list(zip(*forms, strict=True))
    means = [sum(column) / len(column) for column in columns]
    squares = [sum((x - m) ** 2 for x in column) / len(column) for column, m in zip(columns, means, strict=True)]
    return tuple(means), tuple(max(square**0.5, _LEAST_SCALE) for square in squares)


def main(data: Path) -> None:
    """Fit on all subjects and write the file that is shipped."""
    outcomes = list(read_outcomes(data / "routing"))
    provenance = {
        "data": "lm-sys/RouteLLM, per-prompt outcomes on MMLU (Apache-2.0): GPT-4-1106 and Mixtral-8x7B",
        "rows": f"{len(outcomes)} questions, {len({one.subject for one in outcomes})} subjects",
        "command": "python -m sparing.generate.training.router DATA",
        "measured": "sparing eval routing",
    }
    model = fit(outcomes, [form_of(one.prompt) for one in outcomes], provenance)
    _FILE.write_bytes(msgspec.json.format(msgspec.json.encode(_rounded(model))) + b"\n")


def _rounded(model: Linear) -> Linear:
    named = {
        name: tuple(float(f"{v:.6g}") for v in getattr(model, name))
        for name in ("mean", "scale", "weights", "quantiles")
    }
    return msgspec.structs.replace(model, **named)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
