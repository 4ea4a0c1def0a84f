"""What the tiers are given: question and text as word pieces, in windows, and what the rules say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sparing.core.deadline import Deadline
from sparing.core.selector import Sections
from sparing.fragments import Fragments
from sparing.select.fusion import relative
from sparing.select.windows import Window, windows
from sparing.select.wordpiece import WordPiece

MOST_PASSAGE_PIECES = 252  # what the encoder was trained to read at once, a start and an end aside
_CHECK_UNITS = 256
_UNITS: Fragments[list[Sequence[int]]] = Fragments()


@dataclass(frozen=True, slots=True)
class Material:
    """A question and a text.

    Attributes:
        text, bounds: Unit i is ``text[bounds[i]:bounds[i + 1]]``.
        vocabulary: What turns more of the text into pieces.
        question: Piece numbers.
        units: Piece numbers of each unit.
        rules: Of each unit, over the best of them, 0..1.
        windows: Passages, or stretches of long ones, in order; every unit is in one.
    """

    text: str
    bounds: Sequence[int]
    vocabulary: WordPiece
    question: Sequence[int]
    units: Sequence[Sequence[int]]
    rules: Sequence[float]
    windows: Sequence[Window]


def material_of(
    text: str, sections: Sections, question: str, rules: Sequence[float], vocabulary: WordPiece, deadline: Deadline
) -> Material:
    """Cut question and text into pieces.

    Raises:
        DeadlineExceeded: The time was up first.
    """
    bounds = tuple(sections.bounds)
    units = _UNITS.of(text, lambda: _ids(text, bounds, vocabulary, deadline), bounds, vocabulary)
    found = windows(list(map(len, units)), sections.passage_of, MOST_PASSAGE_PIECES)
    return Material(text, bounds, vocabulary, vocabulary.ids(question), units, relative(rules), found)


def _ids(text: str, bounds: Sequence[int], vocabulary: WordPiece, deadline: Deadline) -> list[Sequence[int]]:
    units: list[Sequence[int]] = []
    for a, b in pairwise(bounds):
        if not len(units) % _CHECK_UNITS:
            deadline.check()
        units.append(vocabulary.ids(text[a:b]))
    return units
