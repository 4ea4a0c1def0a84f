"""Which of two models was right, question by question: the outcomes that RouteLLM published for MMLU."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_WEAK, _STRONG = "mistralai/Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question and whether the weak and the strong model answered it right."""

    subject: str
    prompt: str
    weak: bool
    strong: bool

    @property
    def gain(self) -> int:
        """What asking the strong model is worth: 1, 0 or -1."""
        return self.strong - self.weak


def read_outcomes(folder: Path) -> Iterator[Outcome]:
    """The rows of ``mmlu_<subject>.csv``, subject by subject."""
    for path in sorted(folder.glob("mmlu_*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                yield Outcome(path.stem[5:], row["prompt"], row[_WEAK] == "True", row[_STRONG] == "True")
