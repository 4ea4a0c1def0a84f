"""Promises over random splits, and BM25 as a ladder."""

from __future__ import annotations

import random

from sparing.core.calibration import Signs
from sparing.evals.calibration.bm25_ladder import bm25_ladder
from sparing.evals.calibration.examples import Example
from sparing.evals.calibration.resplit import halves, promise
from sparing.evals.calibration.traces import LEVELS, Trace, trace_on
from sparing.plan.risk import Asked

TEXT = "The quay was wet. Bo hid the lamp in the attic. Nobody spoke. The mill stood still. A boat came in. It rained."


def traced(number: int, critical: float) -> Trace:
    """A text that is lost up to a critical level; the higher the level, the more is sent."""
    losses = tuple(float(level < critical) for level in LEVELS)
    example = Example(f"text {number}", "q", source="s", group=f"group {number // 5}")
    signs = Signs(100, 0.1, 0.0, "latin")
    return Trace(example, "x.v1", "prose", losses, tuple(range(len(LEVELS))), 200, 180, signs)


def test_halves_are_of_texts_or_of_groups() -> None:
    """Everything is in one of them, and no group in both."""
    traces = [traced(n, 0.5) for n in range(100)]
    first, second = halves(traces, 3, by_group=False)
    assert (len(first), len(second)) == (50, 50)
    first, second = halves(traces, 3, by_group=True)
    assert not {one.example.group for one in first} & {one.example.group for one in second}
    assert len(first) + len(second) == 100


def test_a_promise_is_measured_and_silence_is_told() -> None:
    """With 200 texts a half, 5 % can be promised and 1 % cannot: then the lossless form is what is sent."""
    rng = random.Random(0)
    traces = [traced(n, rng.random()) for n in range(400)]
    five, one = promise(traces, [Asked(0.05), Asked(0.01)], splits=50)
    assert five.held >= 45
    assert five.silent == 0
    assert 0 < five.loss < 0.05
    assert five.kept < 0.9
    assert (one.held, one.silent, one.loss, one.kept) == (50, 50, 0.0, 0.9)


def test_bm25_is_a_ladder() -> None:
    """From nothing to everything, the best unit first; its losses fall to nothing."""
    ladder = bm25_ladder(TEXT, "Where did Bo hide the lamp?")
    assert ladder.render(0).text == ""
    assert ladder.render(1).text.strip() == "Bo hid the lamp in the attic."
    assert ladder.render(len(ladder.tokens) - 1).text == TEXT
    assert ladder.worth[-1] == 1.0
    assert all(a <= b for a, b in zip(ladder.worth, ladder.worth[1:], strict=False))
    found = trace_on(Example(TEXT, "Where did Bo hide the lamp?", (("in the attic",),)), ladder, "prose")
    assert (found.losses[0], found.losses[-1]) == (0.0, 0.0)
    nothing = trace_on(Example(TEXT, "Who?", (("It rained",),)), bm25_ladder(TEXT, "Who hid?"), "prose")
    assert (nothing.losses[0], nothing.losses[-1]) == (1.0, 0.0)
