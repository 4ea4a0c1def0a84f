"""Row 7: do the figures that an answer is worked out from survive, and is any figure altered?

TAT-QA (Zhu et al. 2021): a table and paragraphs of a financial report, questions, and how each answer is derived. A
text is several reports, the asked one among them; the option is how many. Gold are the figures of the derivation (or of
the answer, where it is a stretch of text) that stand in the asked report.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from sparing.evals.data import Source, first_file, read_text
from sparing.evals.task import Draw, Sample, Tally, Task

SOURCE = Source("tatqa", "https://github.com/NExTplusplus/TAT-QA", "CC BY 4.0", "dataset_raw/tatqa_dataset_dev.json")
_REPORTS = 4
_FIGURE = re.compile(r"\d(?:[\d,.]*\d)?")

Figures = tuple[str, ...]


def load(draw: Draw) -> list[Sample[Figures]]:
    """n questions whose answer rests on figures; the draw's option is the number of reports in a text."""
    reports = read_reports(first_file(SOURCE, draw.data_dir, ("dev.json", "tatqa_dataset_dev.json")))
    texts = [written(report) for report in reports]
    asked = [
        (number, question, gold)
        for number, report in enumerate(reports)
        if draw.takes("tatqa", report["table"]["uid"])
        for question in report["questions"]
        if (gold := _gold(question, texts[number]))
    ]
    rng = random.Random(draw.seed)
    chosen = sorted(rng.sample(range(len(asked)), min(draw.n, len(asked))))
    return [_sample(*asked[at], texts, int(draw.option or _REPORTS), rng) for at in chosen]


def score(sample: Sample[Figures], output: str) -> dict[str, Tally]:
    """Share of the gold figures that are in the output, and how many of the output's are the text's."""
    kept = set(figures(output))
    return {
        "figures": Tally(sum(figure in kept for figure in sample.gold) / len(sample.gold)),
        "unaltered": unaltered(sample.text, output),
    }


def unaltered(text: str, output: str) -> Tally:
    """How many of the numbers in the output are the text's."""
    told = set(figures(output))
    return Tally(len(told & set(figures(text))), len(told))


def figures(text: str) -> list[str]:
    """The numbers in a text, as they are written."""
    return _FIGURE.findall(text)


def written(report: Mapping[str, Any]) -> str:
    """The paragraphs of a report, and its table a line per row."""
    table = "\n".join(
        "| " + " | ".join(" ".join(cell.split()) for cell in row) + " |" for row in report["table"]["table"]
    )
    paragraphs = [paragraph["text"].strip() for paragraph in report["paragraphs"]]
    return "\n\n".join([*paragraphs, table]) + "\n"


def _gold(question: Mapping[str, Any], text: str) -> Figures:
    spans = question["answer"] if isinstance(question["answer"], list) else [question["answer"]]
    worked_out = question["derivation"] or ""
    named = (
        figures(worked_out)
        if question["answer_type"] in ("arithmetic", "count")
        else figures(" ".join(map(str, spans)))
    )
    there = set(figures(text))
    there -= set(figures(question["question"]))
    return tuple(dict.fromkeys(figure for figure in named if figure in there and len(figure) > 1))


def _sample(
    number: int, question: Mapping[str, Any], gold: Figures, texts: Sequence[str], num_reports: int, rng: random.Random
) -> Sample[Figures]:
    others = rng.sample([at for at in range(len(texts)) if at != number], min(num_reports, len(texts)) - 1)
    order = [*others, number]
    rng.shuffle(order)
    return Sample(f"tatqa-{question['uid']}", "\n".join(texts[at] for at in order), question["question"], gold)


@lru_cache(maxsize=2)
def read_reports(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(read_text(path)))


TASK = Task(
    "tatqa", 7, "TAT-QA, figures of financial reports", "figures", (0.25, 0.10), 150, load, score, SOURCE, splits=True
)
