"""Let the encoder read the passages that the cheaper tiers leave in doubt."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.core.reducer import Deadline
from sparing.errors import NeedsThread
from sparing.select.encoder import MOST_QUESTION_PIECES, SPECIAL_PIECES, Encoder
from sparing.select.fusion import Fusion
from sparing.select.material import Material
from sparing.select.memo import READINGS, Reading, reading_key
from sparing.select.windows import Window


def read_doubtful(
    encoder: Encoder,
    fusion: Fusion,
    material: Material,
    chances: Sequence[float],
    most_pieces: int,
    deadline: Deadline,
) -> tuple[list[float], int]:
    """Better chances for the units of the passages that were read, and how many were.

    Args:
        chances: Of each unit by the cheaper tiers; the passage with the best is read first.
        most_pieces: To read, the question's with every passage.
    Raises:
        DeadlineExceeded: Before all were read.
        NeedsThread: The deadline is the event loop's and one was not read before.
    """
    question = question_ends(material.question)
    doubtful = _doubtful(material.windows, chances, len(question) + SPECIAL_PIECES, most_pieces)
    better = list(chances)
    for window in doubtful:
        place = slice(window.first, window.end)
        reading = read_passage(encoder, question, material.units[place], deadline)
        passages = [reading.passage] * (window.end - window.first)
        better[place] = fusion.chances(material.rules[place], reading.units, passages)
    return better, len(doubtful)


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
