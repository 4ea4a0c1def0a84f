"""Row 6: do the values that a conversation has settled on survive when nobody says what matters?

Schema-Guided Dialogue (Rastogi et al. 2020): a user and a system talk about restaurants, trips, banking and the like;
every turn is annotated with the slot values stated so far. The text is one line per turn, ``USER: words`` or
``SYSTEM: words``, and there is no question. Gold are all distinct values that stand literally in the text, earlier
ones that the user changed included. A value counts as kept when it stands in the output letter by letter, case
included, and not as a part of a longer word or number.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from sparing.evals.data import Source, first_file, read_jsonl
from sparing.evals.task import Draw, Sample, Tally, Task

SOURCE = Source(
    "sgd",
    "https://github.com/google-research-datasets/dstc8-schema-guided-dialogue",
    "CC BY-SA 4.0",
    "dialogues.jsonl: one dialogue a line, `turns` of `speaker`, `text` and `state` (slot -> values so far)",
)

Values = tuple[str, ...]


def load(draw: Draw) -> list[Sample[Values]]:
    """n dialogues drawn at random from those that hold at least one value."""
    dialogues = _dialogues(first_file(SOURCE, draw.data_dir, ("dialogues.jsonl",)))
    chosen = sorted(random.Random(draw.seed).sample(range(len(dialogues)), min(draw.n, len(dialogues))))
    return [dialogues[i] for i in chosen]


def score(sample: Sample[Values], output: str) -> dict[str, Tally]:
    """Values still in the output, out of those in the source; pooled over all dialogues."""
    return {"slot_values": Tally(sum(holds(output, value) for value in sample.gold), len(sample.gold))}


def holds(text: str, value: str) -> bool:
    """Whether `value` stands in `text` by itself: "2" is not in "12", "2nd" or "2:30"."""
    return _alone(value).search(text) is not None


@lru_cache(maxsize=65_536)
def _alone(value: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?<!\d[:.,]){re.escape(value)}(?!\w)(?![:.,]\d)")


@lru_cache(maxsize=2)
def _dialogues(path: Path) -> list[Sample[Values]]:
    return list(_samples(read_jsonl(path)))


def _samples(rows: Iterator[Mapping[str, Any]]) -> Iterator[Sample[Values]]:
    for row in rows:
        text = "".join(f"{turn['speaker']}: {' '.join(turn['text'].split())}\n" for turn in row["turns"])
        stated = dict.fromkeys(
            value for turn in row["turns"] for values in turn["state"].values() for value in values if value
        )
        gold = tuple(value for value in stated if holds(text, value))
        if gold:
            yield Sample(f"sgd-{row['id']}", text, "", gold, group=row["services"][0].partition("_")[0])


TASK = Task(
    "sgd",
    6,
    "SGD, slot values of a dialogue without a question",
    "slot_values",
    (0.50, 0.25),
    200,
    load,
    score,
    SOURCE,
    reference="tail",
    methods=("sparing", "head", "tail", "random", "bm25"),
)
