"""Row 7: do the numbers that a word problem is solved with survive among other problems, and is any altered?

GSM8K (Cobbe et al. 2021). A text is several problems without their questions; what is asked is the question of one of
them. Gold are the numbers of that problem that its solution uses, each with the words beside it: small numbers are in
every problem.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sparing.evals.data import Source, first_file, read_jsonl
from sparing.evals.task import Draw, Sample, Tally, Task
from sparing.evals.tasks.tatqa import figures, unaltered

SOURCE = Source("gsm8k", "https://github.com/openai/grade-school-math", "MIT", "train.jsonl or test.jsonl")
_PROBLEMS = 20
_SENTENCE = re.compile(r"(?<=[.!?])\s+")

Told = tuple[str, ...]
"""Numbers, each with the word before and after it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is told, what is asked, and the numbers that are needed."""

    told: str
    asked: str
    gold: Told


def load(draw: Draw) -> list[Sample[Told]]:
    """One sample per problem with two numbers or more; the draw's option is the number of problems in a text."""
    problems = _problems(first_file(SOURCE, draw.data_dir, ("train.jsonl", "test.jsonl")))
    rng = random.Random(draw.seed)
    chosen = sorted(rng.sample(range(len(problems)), min(draw.n, len(problems))))
    return [_sample(at, problems, int(draw.option or _PROBLEMS), rng) for at in chosen]


def score(sample: Sample[Told], output: str) -> dict[str, Tally]:
    """Share of the gold numbers that are in the output, and how many of the output's are the text's."""
    flat = " ".join(output.split())
    kept = sum(number in flat for number in sample.gold)
    return {"figures": Tally(kept / len(sample.gold)), "unaltered": unaltered(sample.text, output)}


def _sample(at: int, problems: Sequence[Problem], size: int, rng: random.Random) -> Sample[Told]:
    others = [number for number in rng.sample(range(len(problems)), min(size, len(problems))) if number != at]
    order = [at, *others[: size - 1]]
    rng.shuffle(order)
    return Sample(
        f"gsm8k-{at}", "\n\n".join(problems[i].told for i in order) + "\n", problems[at].asked, problems[at].gold
    )


@lru_cache(maxsize=2)
def _problems(path: Path) -> list[Problem]:
    problems = []
    for row in read_jsonl(path):
        *sentences, asked = _SENTENCE.split(row["question"].strip())
        told = " ".join(" ".join(sentences).split())
        gold = tuple(_numbers(told, set(figures(row["answer"]))))
        if len(gold) > 1 and asked.endswith("?"):
            problems.append(Problem(told, asked, gold))
    return problems


def _numbers(told: str, used: set[str]) -> Iterator[str]:
    words = told.split()
    for at, word in enumerate(words):
        if used.intersection(figures(word)):
            yield " ".join(words[max(0, at - 1) : at + 2])


TASK = Task("gsm8k", 7, "GSM8K, numbers of a word problem among 20", "figures", (0.25, 0.10), 150, load, score, SOURCE)
