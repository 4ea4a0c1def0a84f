"""Let the encoder read the passages that the cheaper tiers leave in doubt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sparing.core.deadline import Deadline
from sparing.errors import NeedsThread
from sparing.select.clauses import spare_clauses
from sparing.select.encoder import MOST_QUESTION_PIECES, SPECIAL_PIECES, UNREAD, Encoder
from sparing.select.fusion import Fusion
from sparing.select.material import Material
from sparing.select.memo import READINGS, Reading, reading_key
from sparing.select.windows import Window

_SPARED = 0.5  # logits that the mean token of a spared clause is below that of its sentence, at least


@dataclass(frozen=True, slots=True)
class Read:
    """What reading some passages made of the text.

    Attributes:
        chances: Of every unit; of those that were not read, the cheaper tiers'.
        spare: See `core.selector.Judged`.
    """

    chances: list[float]
    num_passages: int
    spare: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of a unit that is scored by itself: a clause that might be spared, or what is between.

    Attributes:
        clause: Its range of characters in the text; None where it has to stay.
    """

    unit: int
    pieces: Sequence[int]
    clause: tuple[int, int] | None = None


def read_doubtful(
    encoder: Encoder,
    fusion: Fusion,
    material: Material,
    chances: Sequence[float],
    most_pieces: int,
    deadline: Deadline,
) -> Read:
    """Read the most promising passages: better chances for their units, and which clauses of them can be spared.

    Args:
        chances: Of each unit by the cheaper tiers; the passage with the best is read first.
        most_pieces: To read, the question's with every passage.
    Raises:
        DeadlineExceeded: Before all were read.
        NeedsThread: The deadline is the event loop's and one was not read before.
    """
    question = question_ends(material.question)
    doubtful = _doubtful(material.windows, chances, len(question) + SPECIAL_PIECES, most_pieces)
    better, spare = list(chances), list[tuple[int, int]]()
    for window in doubtful:
        place = range(window.first, window.end)
        parts = [part for unit in place for part in _parts(material, unit)]
        reading = read_passage(encoder, question, [part.pieces for part in parts], deadline)
        means = _unit_means(parts, reading.units)
        units = [means[unit] for unit in place]
        rules = material.rules[window.first : window.end]
        better[window.first : window.end] = fusion.chances(rules, units, [reading.passage] * len(units))
        spare += [
            part.clause
            for part, score in zip(parts, reading.units, strict=True)
            if part.clause and UNREAD != score < means[part.unit] - _SPARED
        ]
    return Read(better, len(doubtful), spare)


def _parts(material: Material, unit: int) -> Iterator[_Part]:
    start, end = material.bounds[unit], material.bounds[unit + 1]
    sentence = material.text[start:end]
    clauses = spare_clauses(sentence)
    if not clauses:
        yield _Part(unit, material.units[unit])
        return
    at = 0
    for a, b in clauses:
        yield _Part(unit, material.vocabulary.ids(sentence[at:a]))
        yield _Part(unit, material.vocabulary.ids(sentence[a:b]), (start + a, start + b))
        at = b
    if at < len(sentence):
        yield _Part(unit, material.vocabulary.ids(sentence[at:]))


def _unit_means(parts: Sequence[_Part], scores: Sequence[float]) -> dict[int, float]:
    """Mean over each unit's tokens that were read, of the means of its parts."""
    sums: dict[int, tuple[float, int]] = {}
    for part, score in zip(parts, scores, strict=True):
        total, size = sums.get(part.unit, (0.0, 0))
        read = len(part.pieces) if score != UNREAD else 0
        sums[part.unit] = total + score * read, size + read
    return {unit: total / size if size else UNREAD for unit, (total, size) in sums.items()}


def question_ends(question: Sequence[int]) -> Sequence[int]:
    """What the encoder reads of a question: beginning and end where it is too long."""
    half = MOST_QUESTION_PIECES // 2
    return question if len(question) <= MOST_QUESTION_PIECES else [*question[:half], *question[-half:]]


def _doubtful(found: Sequence[Window], chances: Sequence[float], extra: int, most_pieces: int) -> list[Window]:
    """The most promising windows that there is room for, in their order."""
    promise = [max(chances[window.first : window.end]) for window in found]
    chosen = []
    for at in sorted(range(len(found)), key=lambda at: -promise[at]):
        most_pieces -= found[at].num_pieces + extra
        if most_pieces < 0:
            break
        chosen.append(at)
    return [found[at] for at in sorted(chosen)]


def read_passage(
    encoder: Encoder, question: Sequence[int], units: Sequence[Sequence[int]], deadline: Deadline
) -> Reading:
    """A passage read, or what is remembered of reading it.

    Raises:
        DeadlineExceeded: The time is up.
        NeedsThread: The deadline is the event loop's, and it was not read before.
    """
    key = reading_key(question, units)
    known = READINGS.get(key)
    if known is not None:
        return known
    if deadline.on_loop:
        raise NeedsThread("the encoder takes milliseconds per passage")
    deadline.check()
    reading = encoder.read(question, units)
    READINGS.put(key, reading)
    return reading
