"""Is a request taken for what it is, and does that tell how long its answer will be?

Turns of public sets, held out by dialogue, article, meeting, report or question. *Unseen sets*: a model that was fitted
without them altogether. *Lengths*: the held-out turns one after the other as the traffic of one policy; before each
answer its length is predicted, as five equally likely ones, from what came before, by policy alone or by policy and the
intent that was told.
"""

from __future__ import annotations

import random
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Mapping, Sequence
from math import log2
from statistics import mean

from sparing.errors import SettingsError
from sparing.evals.data import Source, folder, provenance
from sparing.evals.progress import track
from sparing.evals.report import Report, Table
from sparing.evals.task import Bench, Draw
from sparing.plan.anticipate.classifier import Classifier, shipped
from sparing.plan.anticipate.nature import INTENTS
from sparing.plan.anticipate.training.examples import Example, read_examples
from sparing.plan.forecast.answer_length import AnswerLengths
from sparing.tokens.models import counter_for

SOURCES = (
    Source("banking77", "https://github.com/PolyAI-LDN/task-specific-datasets", "CC BY 4.0", "train.csv"),
    Source("sgd", "https://github.com/google-research-datasets/dstc8-schema-guided-dialogue", "CC BY-SA 4.0", "*"),
    Source("tau_bench", "https://github.com/sierra-research/tau-bench", "MIT", "airline_gpt4o.jsonl"),
    Source("gsm8k", "https://github.com/openai/grade-school-math", "MIT", "train.jsonl"),
    Source("routing", "https://github.com/lm-sys/RouteLLM", "Apache-2.0", "mmlu_<subject>.csv"),
)  # fmt: skip
UNSEEN = ("tau_bench", "xquad", "sroie")
_PER_SOURCE = 400  # answers of a set in the traffic
_LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """All held-out turns, or as many as asked for; `names` picks parts."""
    for source in SOURCES:
        folder(source, draw.data_dir)
    examples = list(read_examples(draw.data_dir))
    held = [one for one in examples if one.held_out]
    random.Random(draw.seed).shuffle(held)
    held = held[: draw.n]
    if not held:
        raise SettingsError("no turns were drawn", hint="draw more")
    tables, data = [], {}
    chosen = [(name, part) for name, part in _PARTS.items() if not names or name in names]
    with track("anticipation", len(chosen)) as progress:
        for name, part in chosen:
            progress.show(name)
            table, numbers = part(examples, held, draw.seed)
            tables.append(table)
            data[name] = numbers
            progress.step()
    return Report(
        "anticipation",
        "What a request is taken for, and how long its answer gets",
        tuple(tables),
        (),
        (
            f"{len(held):,} turns that the shipped model was not fitted on; of all kinds the plain mean.",
            "Requests for code are sentences of ours around functions of Python's standard library: a real log of them "
            "will be harder.",
            *(provenance(source, draw.data_dir) for source in SOURCES),
        ),
        {"row": 0, "n": len(held), "seed": draw.seed, **data},
    )


def _intents(_: Sequence[Example], held: Sequence[Example], __: int) -> tuple[Table, Mapping[str, object]]:
    right = _right(shipped(), held)
    kinds = [_accuracy([ok for one, ok in zip(held, right, strict=True) if one.intent == kind]) for kind in INTENTS]
    rows: list[tuple[str, ...]] = [
        (kind, f"{sum(one.intent == kind for one in held):,}", _percent(share), _by_source(held, right, kind))
        for kind, share in zip(INTENTS, kinds, strict=True)
    ]
    told = [share for share in kinds if share is not None]
    rows.append(("all, mean of kinds", f"{len(held):,}", _percent(mean(told)), ""))
    numbers: dict[str, float] = {kind: share for kind, share in zip(INTENTS, kinds, strict=True) if share is not None}
    return Table("Intents", ("intent", "turns", "right", "by set"), tuple(rows)), {**numbers, "mean": mean(told)}


def _unseen(examples: Sequence[Example], _: Sequence[Example], seed: int) -> tuple[Table, Mapping[str, object]]:
    from sparing.plan.anticipate.training.fit import fit

    known = [one for one in examples if one.source not in UNSEEN and not one.held_out]
    model = Classifier(fit(known, seed=seed))
    rows, numbers = [], {}
    for source in UNSEEN:
        turns = [one for one in examples if one.source == source]
        share = _accuracy(_right(model, turns))
        rows.append((source, f"{len(turns):,}", _percent(share)))
        numbers[source] = share
    return Table("Sets that the model never saw", ("set", "turns", "right"), tuple(rows)), numbers


def _complexity(_: Sequence[Example], held: Sequence[Example], __: int) -> tuple[Table, Mapping[str, object]]:
    model = shipped()
    ways: dict[str, Callable[[Example], float]] = {
        "sparing": lambda one: model.nature(one.turn).complexity,
        "length": lambda one: float(one.turn.size),
    }
    failed = [one for one in held if one.source == "mmlu"]
    steps = [one for one in held if one.source == "gsm8k"]
    rows, numbers = [], {}
    for name, way in ways.items():
        area = auc([way(one) for one in failed], [bool(one.hardness) for one in failed])
        order = rank_correlation([way(one) for one in steps], [one.hardness or 0.0 for one in steps])
        rows.append((name, f"{area:.3f}", f"{order:.3f}"))
        numbers[name] = {"auc": round(area, 4), "rank_correlation": round(order, 4)}
    columns = (
        "by",
        f"weak model fails: area under ROC, subjects held out ({len(failed):,})",
        f"steps of a problem: rank correlation ({len(steps):,})",
    )
    return Table("Complexity", columns, tuple(rows)), numbers


def _lengths(_: Sequence[Example], held: Sequence[Example], seed: int) -> tuple[Table, Mapping[str, object]]:
    traffic = answered(held, seed)
    counter, model = counter_for("gpt-4o"), shipped()
    tokens = [max(1, counter.count(one.answer)) for one in traffic]
    natures = [model.nature(one.turn) for one in traffic]
    ways: dict[str, list[Hashable]] = {
        "policy alone": ["p"] * len(traffic),
        "policy and intent": [("p", nature.intent) for nature in natures],
        "policy and true intent": [("p", one.intent) for one in traffic],
    }
    rows, numbers = [], {}
    for name, kinds in ways.items():
        scores = predicted(kinds, tokens)
        rows.append((name, *(f"{score:.3f}" for score in scores)))
        numbers[name] = dict(zip(("pinball_octaves", "median_error_octaves", "covered"), scores, strict=True))
    columns = (
        f"lengths by ({len(traffic):,} answers)",
        "pinball loss, octaves",
        "median is off by, octaves",
        "between 10 and 90 %",
    )
    return Table("Lengths of answers", columns, tuple(rows)), numbers


def _cost(_: Sequence[Example], held: Sequence[Example], __: int) -> tuple[Table, Mapping[str, object]]:
    model, turns = shipped(), [one.turn for one in held[:2000]]
    taken = []
    for turn in turns:
        started = time.thread_time_ns()
        model.nature(turn)
        taken.append((time.thread_time_ns() - started) / 1000)
    taken.sort()
    cells = [taken[int(share * (len(taken) - 1))] for share in (0.5, 0.99)]
    numbers: dict[str, object] = dict(zip(("p50_us", "p99_us"), (round(cell, 1) for cell in cells), strict=True))
    row = ("of one turn", *(f"{cell:.0f} us" for cell in cells))
    return Table("CPU", ("", "median", "p99"), (row,)), numbers


def answered(held: Sequence[Example], seed: int) -> list[Example]:
    """Traffic: turns with an answer, no set more than `_PER_SOURCE` of them, in random order."""
    by_source: dict[str, list[Example]] = {}
    for one in held:
        if one.answer:
            by_source.setdefault(one.source, []).append(one)
    traffic = [one for some in by_source.values() for one in some[:_PER_SOURCE]]
    random.Random(seed + 1).shuffle(traffic)
    return traffic


def predicted(kinds: Sequence[Hashable], tokens: Sequence[int]) -> tuple[float, float, float]:
    """How good predictions were, each made before its answer was seen: mean pinball loss at five levels, mean error of
    the median, both in octaves, and the share between the outer levels."""
    lengths = AnswerLengths()
    losses, errors, covered = [], [], []
    for kind, num in zip(kinds, tokens, strict=True):
        likely = [log2(max(1.0, one)) for one in lengths.lengths(kind, len(_LEVELS))]
        true = log2(num)
        losses.append(mean(pinball(true - one, level) for one, level in zip(likely, _LEVELS, strict=True)))
        errors.append(abs(true - likely[2]))
        covered.append(likely[0] <= true <= likely[-1])
        lengths.observe(kind, num)
    return mean(losses), mean(errors), mean(covered)


def pinball(over: float, level: float) -> float:
    """The loss of a quantile that the truth lies above by so much (Koenker & Bassett 1978)."""
    return max(level * over, (level - 1) * over)


def auc(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """The chance that one of these has a higher score than one of the others."""
    others = sorted(score for score, is_one in zip(scores, positive, strict=True) if not is_one)
    ours = [score for score, is_one in zip(scores, positive, strict=True) if is_one]
    if not ours or not others:
        return 0.5
    below = sum(bisect_left(others, score) + bisect_right(others, score) for score in ours)
    return below / 2 / len(ours) / len(others)


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's; 0 where one of them does not vary."""
    a, b = _ranks(one), _ranks(other)
    middle = (len(a) - 1) / 2
    spread = (sum((x - middle) ** 2 for x in a) * sum((y - middle) ** 2 for y in b)) ** 0.5
    return sum((x - middle) * (y - middle) for x, y in zip(a, b, strict=True)) / spread if spread else 0.0


def _ranks(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    return [(bisect_left(ordered, value) + bisect_right(ordered, value) - 1) / 2 for value in values]


def _right(model: Classifier, turns: Sequence[Example]) -> list[bool]:
    return [model.nature(one.turn).intent == one.intent for one in turns]


def _by_source(held: Sequence[Example], right: Sequence[bool], kind: str) -> str:
    parts = []
    for source in sorted({one.source for one in held if one.intent == kind}):
        of_it = [ok for one, ok in zip(held, right, strict=True) if one.intent == kind and one.source == source]
        parts.append(f"{source} {_percent(_accuracy(of_it))} of {len(of_it):,}")
    return ", ".join(parts)


def _accuracy(right: Sequence[bool]) -> float | None:
    return sum(right) / len(right) if right else None


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


_PARTS: dict[str, Callable[[Sequence[Example], Sequence[Example], int], tuple[Table, Mapping[str, object]]]] = {
    "intents": _intents,
    "unseen": _unseen,
    "complexity": _complexity,
    "lengths": _lengths,
    "cost": _cost,
}

BENCH = Bench("anticipation", 0, "What a request is taken for", 1_000_000, measure, tuple(_PARTS))
