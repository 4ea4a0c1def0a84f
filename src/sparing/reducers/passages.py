"""How sentences belong together: paragraphs and their headings, or the turns of a transcript."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from sparing.core.deadline import Deadline
from sparing.fragments import Fragments
from sparing.reducers.sentences import cut_long, is_wrapped, sentence_bounds
from sparing.reducers.speakers import LABEL

_BLANK_LINE = re.compile(r"\n[ \t\r]*\n\s*")
_LINE_END = re.compile(r"\n\s*")
_TURN = re.compile(LABEL)
_MIN_TURNS = 6
_TURN_SHARE = 0.6  # of the lines
_BLOCK_CHARS = 1_600  # blocks longer than this on average: blank lines do not tell passages apart, line ends may
_LONG_PASSAGE = 12  # units; in a longer one, a unit's context is the units around it
# How much of a unit belongs to the context of another unit of its passage, by how many units away that is.
_WINDOW = ((0, 1.0), (-1, 0.75), (1, 0.75), (-2, 0.5), (2, 0.5), (-3, 0.25), (3, 0.25))
_HEADING_CHARS = 90


@dataclass(frozen=True, slots=True)
class Layout:
    """A text cut into units, and the units into passages.

    Attributes:
        bounds: n + 1 character offsets; unit i is ``text[bounds[i]:bounds[i + 1]]``.
        passage_of: Passage of each unit, never falling; in a transcript, its turn.
        contexts: For each unit the contexts it is part of, its own first, and how much of it belongs to each, 0..1.
            The units of a passage share one context; in a long passage each has its own, of the units around it.
        heading_of: For each context, that of the heading over it; -1 if none.
        turns: Whether this is a transcript.
    """

    bounds: Sequence[int]
    passage_of: Sequence[int]
    contexts: Sequence[Sequence[tuple[int, float]]]
    heading_of: Sequence[int]
    turns: bool

    @property
    def num_units(self) -> int:
        return len(self.bounds) - 1

    @property
    def num_contexts(self) -> int:
        return len(self.heading_of)


_LAYOUTS: Fragments[Layout] = Fragments()


def lay_out(text: str, deadline: Deadline) -> Layout:
    """Find units and passages."""
    return _LAYOUTS.of(text, lambda: _lay_out(text, deadline))


def _lay_out(text: str, deadline: Deadline) -> Layout:
    turns = is_transcript(text)
    if turns:
        bounds, passage_of = _turns(text)
        contexts, num_contexts = _contexts(passage_of, long_passage=len(bounds))
    else:
        bounds = sentence_bounds(text, deadline)
        starts = [match.end() for match in _passage_breaks(text).finditer(text)]
        passage_of = [bisect_right(starts, start) for start in bounds[:-1]]
        contexts, num_contexts = _contexts(passage_of, _LONG_PASSAGE)
    deadline.check()
    own = [of_unit[0][0] for of_unit in contexts]
    heading_of = [-1] * num_contexts if turns else _headings(text, bounds, passage_of, own, num_contexts)
    return Layout(bounds, passage_of, contexts, heading_of, turns)


def is_transcript(text: str) -> bool:
    """Whether most lines begin with a speaker, and speakers come back."""
    lines = [line for line in text[:40_000].split("\n") if line.strip()]
    if len(lines) < _MIN_TURNS:
        return False
    speakers = [match[0] for line in lines if (match := _TURN.match(line))]
    return len(speakers) >= _TURN_SHARE * len(lines) and len(set(speakers)) <= 0.6 * len(speakers)


def _turns(text: str) -> tuple[list[int], list[int]]:
    """One turn per line; units are turns, long ones in pieces."""
    bounds, turn_of = [0], list[int]()
    ends = [match.end() for match in _LINE_END.finditer(text)]
    if not ends or ends[-1] < len(text):
        ends.append(len(text))
    for turn, end in enumerate(ends):
        cut_long(text, bounds, end)
        turn_of += [turn] * (len(bounds) - 1 - len(turn_of))
    return bounds, turn_of


def _passage_breaks(text: str) -> re.Pattern[str]:
    """Blank lines; line ends where there are hardly any blank lines and each line is a paragraph."""
    blocks = 1 + sum(1 for _ in _BLANK_LINE.finditer(text))
    lines = 1 + text.count("\n")
    by_line = len(text) > _BLOCK_CHARS * blocks and lines > 2 * blocks and not is_wrapped(text)
    return _LINE_END if by_line else _BLANK_LINE


def _contexts(passage_of: Sequence[int], long_passage: int) -> tuple[list[Sequence[tuple[int, float]]], int]:
    """The contexts of each unit, and how many there are."""
    contexts: list[Sequence[tuple[int, float]]] = []
    number = start = 0
    while start < len(passage_of):
        end = bisect_right(passage_of, passage_of[start], start)
        size = end - start
        if size <= long_passage:
            contexts += [((number, 1.0),)] * size
            number += 1
        else:
            contexts += [[(number + i + k, share) for k, share in _WINDOW if 0 <= i + k < size] for i in range(size)]
            number += size
        start = end
    return contexts, number


def _headings(
    text: str, bounds: Sequence[int], passage_of: Sequence[int], context_of: Sequence[int], num_contexts: int
) -> list[int]:
    heading_of = [-1] * num_contexts
    heading = -1
    size = len(passage_of)
    for unit, passage in enumerate(passage_of):
        alone = (not unit or passage_of[unit - 1] != passage) and (unit + 1 == size or passage_of[unit + 1] != passage)
        if alone and _is_heading(text[bounds[unit] : bounds[unit + 1]].strip()):
            heading = context_of[unit]
        else:
            heading_of[context_of[unit]] = heading
    return heading_of


def _is_heading(line: str) -> bool:
    if line.startswith("#"):
        return True
    return 0 < len(line) <= _HEADING_CHARS and line[-1] not in ".!?…。！？।؟;," and line[0] not in "-*•>|"
