"""Row 11: tokens saved on mixed tool outputs while every planted fact stays visible.

The outputs are made on the spot (`evals.planted`), a new set per seed. A fact is visible when its literal string is in
the output, as it is or as JSON would escape it; what could be fetched again by a tool does not count.
"""

from __future__ import annotations

from dataclasses import dataclass

from sparing.evals.literal import visible
from sparing.evals.planted import make_all
from sparing.evals.task import Draw, Sample, Tally, Task


@dataclass(frozen=True, slots=True)
class Facts:
    """Strings that answer the question, and those that have to stay whatever is asked; `way`: how they are found."""

    asked: tuple[str, ...]
    unasked: tuple[str, ...]
    way: str


def load(draw: Draw) -> list[Sample[Facts]]:
    """A sample per question about each output; the option names one output."""
    samples = [
        Sample(f"{made.name}-{number}", made.text, ask.question, Facts(ask.facts, made.unasked, ask.way), made.name)
        for made in make_all(draw.seed)
        if draw.option in ("", made.name)
        for number, ask in enumerate(made.asked)
    ]
    return samples[: draw.n]


def score(sample: Sample[Facts], output: str) -> dict[str, Tally]:
    """Facts visible: all, those asked for, those nobody asked for."""
    asked = sum(visible(output, fact) for fact in sample.gold.asked)
    unasked = sum(visible(output, fact) for fact in sample.gold.unasked)
    num_asked, num_unasked = len(sample.gold.asked), len(sample.gold.unasked)
    return {
        "facts": Tally(asked + unasked, num_asked + num_unasked),
        "asked": Tally(asked, num_asked),
        "unasked": Tally(unasked, num_unasked),
    }


TASK = Task(
    "planted",
    11,
    "Planted facts in tool outputs",
    "facts",
    (None, 0.4, 0.3, 0.2),
    100,
    load,
    score,
    floors={"facts": 1.0},
    part="tool_result",
)
