"""Test runs and stack traces: what failed and why stays; what passed, and library code on the way there, goes first.

The shortest rung shows the names of failing tests, the error messages, compared values, the frames of the user's own
code and the final count. Then comes the rest of each failure's report, then everything else; library frames, captured
output and tests that passed come last. A message that was shown three times is no longer one that must stay.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from itertools import pairwise

from sparing.core.content import Content
from sparing.core.ladder import Ladder, Skip
from sparing.core.reducer import Ask
from sparing.reducers.line_ladder import line_ladder, line_starts
from sparing.reducers.named import MOST_NAMED, lines_holding, named_lines
from sparing.reducers.relevance import score
from sparing.reducers.run_lines import Says, judge
from sparing.reducers.templates import mask
from sparing.reducers.units import Units, line_gap

_NAME = "test_output.v1"
_MIN_LINES = 6
_SAME_MESSAGE = 3
_MUST = ((Says.EVIDENCE, 0.5), (Says.MESSAGE, 0.6), (Says.HEADLINE, 0.6))
"""What must stay, if it is no more than this share of the tokens; else less; else only what is pinned or named."""
_WORTH = {
    Says.HEADLINE: 1.0,
    Says.MESSAGE: 1.0,
    Says.EVIDENCE: 0.6,
    Says.CONTEXT: 0.25,
    Says.OTHER: 0.1,
    Says.LIBRARY: 0.04,
    Says.ROUTINE: 0.02,
}
_RELEVANT = 1.5


class TestOutput:
    """Implements `core.reducer.Reducer` for test runs and stack traces."""

    __test__ = False  # not a test itself, whatever its name

    name = _NAME
    content = frozenset({Content.TEST_OUTPUT.value})

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        starts = line_starts(text)
        if len(starts) < _MIN_LINES:
            return Skip(f"fewer than {_MIN_LINES} lines")
        bounds = [*starts, len(text)]
        lines = [text[a:b] for a, b in pairwise(bounds)]
        said = _without_repeats(lines, judge(lines, ask.deadline))
        worth = [_WORTH[says] for says in said]
        pinned = set(lines_holding(text, bounds, ask.pins))
        if ask.question:
            scores = score(text, bounds, ask.question, ask.deadline)
            highest = max(scores) or 1.0
            worth = [value + _RELEVANT * found / highest for value, found in zip(worth, scores, strict=True)]
            for named in named_lines(text, bounds, ask.question, ask.deadline):
                if len(named) <= MOST_NAMED:
                    pinned |= named
        tokens = ask.counter.split(text, bounds)
        must = _must(said, tokens, pinned)
        order = sorted(range(len(starts)), key=lambda line: -worth[line])
        units = Units(text, bounds, worth, "lines", line_gap("lines"), _NAME, order, must, tokens)
        return line_ladder(units, ask.counter)


def _without_repeats(lines: Sequence[str], said: Sequence[Says]) -> list[Says]:
    """A message seen often is context, a frame seen often is worth no more than one of a library."""
    seen: Tally[str] = Tally()
    judged = []
    for line, says in zip(lines, said, strict=True):
        if says in (Says.MESSAGE, Says.EVIDENCE):
            words = mask(line)
            seen[words] += 1
            if seen[words] > _SAME_MESSAGE:
                says = Says.CONTEXT if says == Says.MESSAGE else Says.LIBRARY
        judged.append(says)
    return judged


def _must(said: Sequence[Says], tokens: Sequence[int], pinned: set[int]) -> frozenset[int]:
    total = sum(tokens)
    for least, most in _MUST:
        must = pinned | {line for line, says in enumerate(said) if says <= least}
        if sum(tokens[line] for line in must) <= total * most:
            return frozenset(must)
    return frozenset(pinned)
