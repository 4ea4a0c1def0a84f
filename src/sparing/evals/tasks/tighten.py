"""What stays of long answers that are tightened to a share of their tokens: facts, numbers, code, JSON.

Beside ours: the sentences from the beginning that fit (an answer stopped at a sentence boundary), the tokens from the
beginning (a provider's limit), and `sparing.reduce_text`, which marks its gaps.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from sparing.core.content import Content
from sparing.errors import SettingsError
from sparing.evals.baselines import head
from sparing.evals.material import material
from sparing.evals.method import Method
from sparing.evals.ours import sparing
from sparing.evals.report import Report, Table
from sparing.evals.run import evaluate
from sparing.evals.task import Bench, Draw, Sample, Tally, Task
from sparing.evals.tasks import gsm8k, nq, qmsum, tatqa
from sparing.evals.tightening.answers import SETS, Facts
from sparing.evals.units import cut_to, o200k
from sparing.finish.tighten import tighten

BUDGETS = (0.75, 0.5)
_SOURCES = {"gsm8k": gsm8k.SOURCE, "qmsum": qmsum.SOURCE, "nq": nq.SOURCE, "tatqa": tatqa.SOURCE}
_MADE = 100  # answers of each structure
_MARKS = frozenset(("…", "-", "|"))
_NOTES = (
    "Over the budget an output is cut to it before it is scored: what ended a sentence past it, or was left.",
    "Facts: gsm8k the result; qmsum the sentences of the asked paragraph; nq the answer; tatqa the needed figures.",
)


def _tightened(text: str, question: str, budget_tokens: int | None) -> str:
    from sparing.select.memo import READINGS

    READINGS.clear()  # every answer at every budget is the first of its kind
    return tighten(text, question=question, most_tokens=max(1, budget_tokens or 0)).text


def _tokens(text: str, _question: str, budget_tokens: int | None) -> str:
    return cut_to(text, budget_tokens or 0)


METHODS: Mapping[str, Method] = {
    "tighten": Method("tighten", _tightened),
    "reduce_text": replace(sparing(), name="reduce_text"),
    "sentences": Method("sentences", head),
    "tokens": Method("tokens", _tokens),
}


def measure(draw: Draw, names: tuple[str, ...]) -> Report:
    """Every method over every set; then what became of each answer, and of code and JSON.

    Args:
        names: Of `METHODS`; all by default.
    Raises:
        SettingsError: An unknown method, or data that are not there.
    """
    if unknown := set(names) - METHODS.keys():
        raise SettingsError(f"no method is called {min(unknown)!r}", hint=f"known: {', '.join(METHODS)}")
    methods = [METHODS[name] for name in names or METHODS]
    points: list[Mapping[str, Any]] = []
    notes: list[str] = []
    became: list[Became] = []
    for name, load in SETS.items():
        part = replace(draw, option="", split=None if name == "gsm8k" else draw.split or "test")
        samples = load(part)
        task = Task(
            name,
            0,
            name,
            "facts",
            BUDGETS,
            draw.n,
            partial(_same, samples),
            _score,
            _SOURCES[name],
            reference="sentences",
        )
        report = evaluate(task, part, methods, BUDGETS)
        points += [{**point, "set": name} for point in report.data["points"]]
        notes += [f"{name}: {note}" for note in report.notes]
        became += [_became(name, share, samples) for share in BUDGETS]
    structures = _structures(draw.seed)
    tables = (_facts_table(points, methods), _became_table(became), _structures_table(structures))
    data = {"points": points, "became": list(map(asdict, became)), "structures": list(map(asdict, structures))}
    return Report("tighten", BENCH.title, tables, (), (*_NOTES, *notes), data)


def _same(samples: list[Sample[Facts]], _draw: Draw) -> list[Sample[Facts]]:
    return samples


def _score(sample: Sample[Facts], output: str) -> dict[str, Tally]:
    """Share of the facts that are in the output, and how many of its numbers are the answer's."""
    if sample.id.startswith("nq"):
        kept = float(nq.holds_answer(output, sample.gold))
    else:
        flat = " ".join(output.split())
        kept = sum(fact in flat for fact in sample.gold) / len(sample.gold)
    return {"facts": Tally(kept), "unaltered": tatqa.unaltered(sample.text, output)}


@dataclass(frozen=True, slots=True)
class Became:
    """How answers of a set came out at one ceiling.

    Attributes:
        how: Share of each `finish.tighten.How`.
        kept: Tokens after / before of those that were tightened.
        altered: Words of the output, all together, that are not the answer's in its order, marks of gaps aside.
        ms: CPU for one.
    """

    name: str
    share: float
    n: int
    how: dict[str, float]
    kept: float
    altered: int
    ms: float


def _became(name: str, share: float, samples: Sequence[Sample[Any]]) -> Became:
    started_s = time.process_time()
    results = [
        (sample, tighten(sample.text, question=sample.question, most_tokens=_ceiling(sample.text, share)))
        for sample in samples
    ]
    ms = 1000 * (time.process_time() - started_s) / len(samples)
    counts = Counter(result.how for _, result in results)
    tightened = [result for _, result in results if result.how == "tightened"]
    before = sum(result.tokens_before for result in tightened)
    return Became(
        name,
        share,
        len(samples),
        {how: counts[how] / len(samples) for how in ("tightened", "stopped", "left")},
        sum(result.tokens_after for result in tightened) / before if before else 1.0,
        sum(_altered(sample.text, result.text) for sample, result in results),
        ms,
    )


def _altered(text: str, output: str) -> int:
    """Words of the output that do not follow in the answer."""
    words = iter(text.split())
    return sum(word not in words for word in output.split() if word not in _MARKS)


def _ceiling(text: str, share: float) -> int:
    return max(1, int(share * o200k().count(text)))


@dataclass(frozen=True, slots=True)
class Structures:
    """Answers with code, of JSON, and with tables and steps, tightened to half.

    Attributes:
        shorter: Those that are.
        broken: Those whose code, JSON, table or steps are not what they were.
    """

    kind: str
    n: int
    shorter: int
    broken: int


def _structures(seed: int) -> list[Structures]:
    rng = random.Random(seed)
    return [_structure(kind, [make(rng) for _ in range(_MADE)], is_whole) for kind, (make, is_whole) in _KINDS.items()]


def _structure(kind: str, answers: Sequence[str], is_whole: Callable[[str, str], bool]) -> Structures:
    outputs = [(answer, tighten(answer, most_tokens=_ceiling(answer, 0.5), select="rules").text) for answer in answers]
    shorter = sum(output != answer for answer, output in outputs)
    return Structures(kind, len(answers), shorter, sum(not is_whole(answer, output) for answer, output in outputs))


def _talk(rng: random.Random, num: int) -> str:
    text = material(Content.PROSE, 6_000, rng.randrange(10**6))
    sentences = [one for one in re.split(r"(?<=\.)\s+", text) if one]
    return " ".join(rng.sample(sentences, num))


def _with_code(rng: random.Random) -> str:
    code = material(Content.CODE, 400, rng.randrange(10**6))[:400]
    return f"{_talk(rng, 4)}\n\n```python\n{code}\n```\n\n{_talk(rng, 12)}"


def _code_is_whole(answer: str, output: str) -> bool:
    return re.findall(r"(?s)```.*?```", answer) == re.findall(r"(?s)```.*?```", output)


def _of_json(rng: random.Random) -> str:
    return json.dumps({"answer": _talk(rng, 6), "values": [rng.randrange(1000) for _ in range(20)]}, indent=1)


def _with_steps(rng: random.Random) -> str:
    steps = "\n".join(f"{number}. {_talk(rng, 2)}" for number in range(1, 6))
    return f"{_talk(rng, 3)}\n\n{steps}\n\n{_talk(rng, 10)}"


def _steps_are_whole(answer: str, output: str) -> bool:
    """All of the steps, or none."""
    return re.findall(r"(?m)^\d\. ", output) in ([], re.findall(r"(?m)^\d\. ", answer))


def _with_table(rng: random.Random) -> str:
    rows = "\n".join(f"| {number} | {rng.randrange(10**6)} |" for number in range(12))
    return f"{_talk(rng, 4)}\n\n| part | price |\n|---|---:|\n{rows}\n\n{_talk(rng, 8)}"


def _table_is_whole(answer: str, output: str) -> bool:
    """Every row is one of the answer's, and stands below its head; a gap is marked."""
    rows = [line for line in output.split("\n") if line.startswith("|")]
    known = set(answer.split("\n")) | {"| … |"}
    return not rows or (rows[:2] == ["| part | price |", "|---|---:|"] and set(rows) <= known)


_KINDS: Mapping[str, tuple[Callable[[random.Random], str], Callable[[str, str], bool]]] = {
    "code": (_with_code, _code_is_whole),
    "JSON": (_of_json, str.__eq__),
    "steps": (_with_steps, _steps_are_whole),
    "tables": (_with_table, _table_is_whole),
}


def _facts_table(points: Sequence[Mapping[str, Any]], methods: Sequence[Method]) -> Table:
    found = {(point["set"], point["budget"], point["method"]): point for point in points}
    rows = []
    for name in SETS:
        for share in BUDGETS:
            cells = [_facts(found[name, share, method.name]) for method in methods]
            rows.append((name, f"{100 * share:g} %", str(found[name, share, methods[0].name]["n"]), *cells))
    return Table("Facts kept (95 % CI)", ("answers", "budget", "n", *(method.name for method in methods)), tuple(rows))


def _facts(point: Mapping[str, Any]) -> str:
    facts = point["metrics"]["facts"]
    return f"{100 * facts['mean']:.1f} % ({100 * facts['low']:.1f} to {100 * facts['high']:.1f})"


def _became_table(became: Sequence[Became]) -> Table:
    rows = [
        (
            f"{one.name}, {100 * one.share:g} %",
            *(f"{100 * one.how[how]:.1f} %" for how in ("tightened", "stopped", "left")),
            f"{100 * one.kept:.1f} %",
            str(one.altered),
            f"{one.ms:.1f}",
        )
        for one in became
    ]
    columns = ("answers", "tightened", "stopped", "left", "kept of the tightened", "words altered", "CPU ms")
    return Table("What became of them", columns, tuple(rows))


def _structures_table(structures: Sequence[Structures]) -> Table:
    rows = [(one.kind, str(one.n), str(one.shorter), str(one.broken)) for one in structures]
    return Table("Answers with structure, tightened to half", ("with", "n", "shorter", "broken"), tuple(rows))


BENCH = Bench("tighten", 0, "Long answers, tightened", 150, measure, tuple(METHODS))
