"""The encoder: reads a question and a passage together and says what of the passage to keep.

One forward gives the passage's relevance and a keep score per token, as in Provence (Chirkova et al. 2025, "Provence:
efficient and robust context pruning for retrieval-augmented generation"). One passage at a time (see `sessions.Lower`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path

from sparing.select.material import MOST_PASSAGE_PIECES
from sparing.select.memo import Reading
from sparing.select.sessions import Floats, Lower, open_session

MOST_QUESTION_PIECES = 64  # a longer question is cut
SPECIAL_PIECES = 4  # a start and an end around question and passage each
UNREAD = -8.0  # the logit of a unit without pieces, or beyond what fits


class Encoder:
    """Lower layers for each side, upper ones for both. Safe to share between threads.

    Args:
        upper: File of the upper layers and heads.
    """

    def __init__(self, lower: Lower, upper: Path) -> None:
        self._lower = lower
        self._session = open_session(upper)
        self._newest: tuple[tuple[int, ...], Floats] | None = None  # a question is asked of many passages

    def read(self, question: Sequence[int], units: Sequence[Sequence[int]]) -> Reading:
        """Read a passage cut into units, all as piece numbers; what is beyond the limits is not read."""
        passage = [piece for unit in units for piece in unit][:MOST_PASSAGE_PIECES]
        states = {
            "question": self._asked(tuple(question[:MOST_QUESTION_PIECES])),
            "passage": self._lower.states(passage),
        }
        relevance, keep = self._session.run(["relevance", "keep"], states)
        sums = [0.0, *accumulate(keep[0, 1:-1].tolist())]
        ends = [min(end, len(passage)) for end in accumulate(map(len, units), initial=0)]
        return Reading(float(relevance[0]), tuple(_mean(sums, a, b) for a, b in pairwise(ends)))

    def _asked(self, question: tuple[int, ...]) -> Floats:
        newest = self._newest
        if newest is None or newest[0] != question:
            newest = self._newest = question, self._lower.states(question)
        return newest[1]


def _mean(sums: Sequence[float], start: int, end: int) -> float:
    return (sums[end] - sums[start]) / (end - start) if end > start else UNREAD
