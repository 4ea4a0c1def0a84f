"""One ladder on top of another: where the shortest rung of the upper is still long, the lower goes on down."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sparing.core.ladder import Ladder, Rendition


@dataclass(frozen=True)
class StackedLadder:
    """The first `num_lower` rungs of `lower`, then all of `upper`. See `core.ladder.Ladder`."""

    lower: Ladder
    upper: Ladder
    num_lower: int
    tokens: Sequence[int]
    worth: Sequence[float]
    reducer: str

    def render(self, rung: int) -> Rendition:
        if rung >= self.num_lower:
            return self.upper.render(rung - self.num_lower)
        return replace(self.lower.render(rung), worth=self.worth[rung], reducer=self.reducer)


def stacked(lower: Ladder, upper: Ladder) -> Ladder:
    """`upper`, with those rungs of `lower` under it that are shorter than its shortest."""
    shortest, least = upper.tokens[0], upper.worth[0]
    num_lower = bisect_left(lower.tokens, shortest)
    if not num_lower:
        return upper
    # What is still in a rung too short for the upper ladder's head is worth no more than that head alone.
    scale = least / (lower.worth[num_lower - 1] or 1.0)
    worth = [min(least, value * scale) for value in lower.worth[:num_lower]]
    return StackedLadder(
        lower, upper, num_lower, [*lower.tokens[:num_lower], *upper.tokens], [*worth, *upper.worth], upper.reducer
    )
