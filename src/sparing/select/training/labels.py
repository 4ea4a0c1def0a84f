"""Which questions a small language model labels, and what their gold units are taken for then.

A unit that holds the answer's words need not answer ("Paris" stands in many a sentence about France). Where several of
a passage hold them, the model says which one the answer hangs on.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sparing.select.training.corpus import Corpus, Question
from sparing.select.training.groups import Labels
from sparing.select.training.likelihood import drops, told

_MOST_TOKENS = 600  # of a passage
_CLEAR_NATS = 1.0  # below, the model makes nothing of the best of them either
_EVERY = 25
_HALF = 0.5

Drops = Mapping[str, Mapping[int, Mapping[int, float]]]
"""Kind -> question -> gold unit -> what the answer's log-likelihood falls by without it."""


def doubtful(corpora: Mapping[str, Corpus], limit: int | None, seed: int) -> list[tuple[str, int]]:
    """Kind and number of train questions whose answer stands in several units of a passage, by chance up to a limit."""
    found = [
        (kind, number)
        for kind, corpus in corpora.items()
        for number, question in enumerate(corpus.questions)
        if question.split == "train" and question.answer and len(_gold(question)) > 1
    ]
    random.Random(seed).shuffle(found)
    return found[:limit]


def measure(
    model: Any,
    tokenizer: Any,
    corpora: Mapping[str, Corpus],
    asked: Sequence[tuple[str, int]],
    say: Callable[[str], None],
) -> Drops:
    """Ask the model about each question; not about passages that are too long."""
    measured: dict[str, dict[int, dict[int, float]]] = {}
    for done, (kind, number) in enumerate(asked, 1):
        question = corpora[kind].questions[number]
        (passage,) = question.gold
        one = told(tokenizer, corpora[kind].passages[passage].units, question.text, question.answer)
        if sum(map(len, one.units)) <= _MOST_TOKENS:
            found = drops(model, one, _gold(question))
            measured.setdefault(kind, {})[number] = {unit: round(drop, 3) for unit, drop in found.items()}
        if done % _EVERY == 0:
            say(f"labels: {done}/{len(asked)}")
    return measured


def labels_of(measured: Drops) -> Labels:
    """For each question how surely its gold units answer."""
    return {kind: {number: sureness(of) for number, of in some.items()} for kind, some in measured.items()}


def sureness(of_units: Mapping[int, float]) -> dict[int, float]:
    """0..1 for each gold unit: what the answer hangs on it, as a share of the best of them where that one is clear."""
    best = max(of_units.values())
    if best < _CLEAR_NATS:
        return dict.fromkeys(of_units, 1.0)
    return {unit: round(min(1.0, max(0.0, drop) / best), 3) for unit, drop in of_units.items()}


def told_apart(labels: Labels) -> dict[str, int]:
    """How many questions were looked at, and of how many some gold unit is taken for less than half as sure."""
    of_units = [found for some in labels.values() for found in some.values()]
    return {"questions": len(of_units), "told_apart": sum(min(found.values()) < _HALF for found in of_units)}


def save(measured: Drops, path: Path) -> None:
    """As JSON."""
    path.write_text(json.dumps(measured, sort_keys=True) + "\n")


def load(path: Path) -> Drops:
    """What `save` wrote; nothing where the stage was not run."""
    if not path.is_file():
        return {}
    return {
        kind: {int(number): {int(unit): drop for unit, drop in of.items()} for number, of in some.items()}
        for kind, some in json.loads(path.read_text()).items()
    }


def _gold(question: Question) -> frozenset[int]:
    """Units of its gold passage, of those that have one."""
    return next(iter(question.gold.values())) if len(question.gold) == 1 else frozenset()
