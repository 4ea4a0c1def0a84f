"""What each level of worth loses of one example: the ladder that a request would be offered, rung by rung."""

from __future__ import annotations

from dataclasses import dataclass

from sparing.core.calibration import Signs
from sparing.core.ladder import Ladder, Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.core.selector import Selector
from sparing.evals.calibration.examples import Example
from sparing.evals.units import o200k
from sparing.guard.anomaly import signs_of
from sparing.offer import propose
from sparing.plan.risk import first_above
from sparing.reducers.sniff import sniff
from sparing.select.choose import selector_for
from sparing.settings import PolicySettings
from sparing.settings.policy import Select

_PER_DECADE, _DECADES = 40, 4
_LEARNED: tuple[Select, ...] = ("static", "auto")
_EVERY = 2
LEVELS = tuple(round(1 - 10 ** (-k / _PER_DECADE), 6) for k in range(_PER_DECADE * _DECADES + 1))
"""Finer towards 1, where the last of the evidence lies."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One example on its ladder.

    Attributes:
        losses: At each level of `LEVELS`, what the lowest rung worth more loses, 0..1.
        tokens: At each level, of that rung.
        tokens_whole: Of the text as it came.
        tokens_lossless: Of the highest rung.
    """

    example: Example
    scorer: str
    content: str
    losses: tuple[float, ...]
    tokens: tuple[int, ...]
    tokens_whole: int
    tokens_lossless: int
    signs: Signs

    @property
    def key(self) -> tuple[str, str]:
        return self.scorer, self.content


def trace(example: Example, *, every: int = 1, selector: Selector | None = None) -> Trace | Skip:
    """Render every rung that some level picks, and see what it lost; or why the text has no ladder.

    Args:
        every: Look at every so many levels; those between count as the one below, which loses more.
        selector: Who judges; None: the rules.
    """
    content = sniff(example.text, example.name)
    ask = Ask(o200k(), Question(example.question), name=example.name, text_form=example.is_result, selector=selector)
    ladder = propose(example.text, content, ask)
    return ladder if isinstance(ladder, Skip) else trace_on(example, ladder, content, every=every)


def trace_by_tiers(example: Example) -> list[Trace] | Skip:
    """The same once for every way in which a request with the default deadline may be judged here.

    By the rules alone where models were trained on the example.
    """
    found = trace(example)
    if isinstance(found, Skip):
        return found
    traces = [found]
    if example.trained_on:
        return traces
    for select in _LEARNED:
        selector = selector_for(select, PolicySettings().deadline_ms)
        other = trace(example, every=_EVERY, selector=selector)
        if isinstance(other, Trace) and other.scorer not in {one.scorer for one in traces}:
            traces.append(other)
    return traces


def trace_on(example: Example, ladder: Ladder, content: str, *, every: int = 1) -> Trace:
    """The same on any ladder."""
    lost_at: dict[int, float] = {}
    rungs = [first_above(ladder.worth, level) for level in LEVELS]
    for rung in dict.fromkeys(rungs[::every]):
        lost_at[rung] = example.lost(ladder.render(rung))
    return Trace(
        example,
        ladder.reducer,
        content,
        tuple(lost_at[rungs[place - place % every]] for place in range(len(rungs))),
        tuple(ladder.tokens[rung] for rung in rungs),
        o200k().count(example.text),
        ladder.tokens[-1],
        signs_of(example.text, ladder.tokens, ladder.worth),
    )
