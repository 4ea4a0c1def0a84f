"""Row 1: does the answer to a Natural Questions query survive among 20 passages?

Built from the gold passages of the open Natural Questions (Kwiatkowski et al. 2019) as published with "Lost in the
Middle" (Liu et al. 2023). Distractors are hard: half the passages most like the question, half those most like the
gold passage (BM25 both), none of which holds an answer. The gold passage stands anywhere, with equal chance.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sparing.evals.bm25 import Bm25
from sparing.evals.data import Source, first_file, read_jsonl
from sparing.evals.task import Draw, Sample, Tally, Task

SOURCE = Source(
    "nq_oracle",
    "https://github.com/nelson-liu/lost-in-the-middle",
    "MIT",
    "qa_data/nq-open-oracle.jsonl.gz",
)
_PASSAGES = 20
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation, " "))
# The layouts in use; they take turns so that no method is measured on one only.
_LAYOUTS = ("Document [{i}](Title: {title}) {text}\n", "[{i}] {title}\n{text}\n\n", "{title}\n{text}\n\n")


@dataclass(frozen=True, slots=True)
class Passage:
    question: str
    answers: tuple[str, ...]
    title: str
    text: str


def load(draw: Draw) -> list[Sample[tuple[str, ...]]]:
    """One sample per question: 20 passages, the gold one among them. The draw's option is the number of passages."""
    found = passages(draw.data_dir)
    index = Bm25([f"{p.title} {p.text}" for p in found])
    rng = random.Random(draw.seed)
    usable = [i for i, p in enumerate(found) if draw.takes("nq", p.title) and holds_answer(p.text, p.answers)]
    chosen = sorted(rng.sample(usable, min(draw.n, len(usable))))
    return [sample_around(index, found, gold, int(draw.option or _PASSAGES), rng) for gold in chosen]


def sample_around(
    index: Bm25, passages: list[Passage], gold: int, size: int, rng: random.Random
) -> Sample[tuple[str, ...]]:
    """The gold passage among its distractors, `size` passages together.

    Args:
        index: Over the titles and texts of `passages`.
    """
    others = _distractors(index, passages, gold, size - 1)
    rng.shuffle(others)
    others.insert(rng.randrange(len(others) + 1), gold)
    return _sample(passages, gold, others)


def score(sample: Sample[tuple[str, ...]], output: str) -> dict[str, Tally]:
    """1 when any of the answers is in the output, case, punctuation and articles aside."""
    return {"answer": Tally(float(holds_answer(output, sample.gold)))}


def holds_answer(text: str, answers: tuple[str, ...]) -> bool:
    """Whether `text` contains an answer as whole words (the "best subspan" rule of Lost in the Middle)."""
    spaced = f" {normal(text)} "
    return any(answer and f" {answer} " in spaced for answer in map(normal, answers))


@lru_cache(maxsize=8192)
def normal(text: str) -> str:
    """Words without case, punctuation and articles, a blank between."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def _distractors(index: Bm25, passages: list[Passage], gold: int, n: int) -> list[int]:
    """Half by likeness to the question, half by likeness to the gold passage; no duplicates, no answers."""
    question, answers = passages[gold].question, passages[gold].answers
    chosen: list[int] = []
    seen = {passages[gold].text}
    for query, upto in ((question, (n + 1) // 2), (passages[gold].text, n)):
        for i in index.best(query, 4 * _PASSAGES + n):
            if len(chosen) >= upto:
                break
            if passages[i].text not in seen and not holds_answer(f"{passages[i].title} {passages[i].text}", answers):
                chosen.append(i)
                seen.add(passages[i].text)
    return chosen


def _sample(passages: list[Passage], gold: int, order: list[int]) -> Sample[tuple[str, ...]]:
    layout = _LAYOUTS[gold % len(_LAYOUTS)]
    text = "".join(
        layout.format(i=number, title=passages[i].title, text=passages[i].text) for number, i in enumerate(order, 1)
    )
    return Sample(f"nq-{gold}", text.rstrip() + "\n", passages[gold].question, passages[gold].answers)


def passages(data_dir: Path) -> list[Passage]:
    """All gold passages with their questions."""
    return list(_parsed(read_jsonl(first_file(SOURCE, data_dir, ("questions.jsonl", "nq-open-oracle.jsonl.gz")))))


def _parsed(rows: Iterator[Mapping[str, Any]]) -> Iterator[Passage]:
    """Reads both the cut-down form (`title`, `text`) and the published one (`ctxs` with the gold passage first)."""
    for row in rows:
        gold = row if "text" in row else next((c for c in row["ctxs"] if c.get("isgold")), row["ctxs"][0])
        yield Passage(row["question"], tuple(row["answers"]), gold["title"], gold["text"])


TASK = Task(
    "nq",
    1,
    "NQ, 20 passages with hard distractors",
    "answer",
    (0.25, 0.10, 0.05),
    200,
    load,
    score,
    SOURCE,
    splits=True,
)
