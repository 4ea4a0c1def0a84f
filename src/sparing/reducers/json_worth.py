"""What each row of a table is worth: it is named, matches the question, is unusual, or stands for its neighbours.

Where the question is about what is the same or there twice, rows that share a value come before those that match words.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.reducers import relevance
from sparing.reducers.json_unusual import is_category, unusual
from sparing.reducers.same_values import asks_same, shared_worths

# Shares of the whole worth. Without a match the question's share falls to the others.
_NAMED, _MATCHING, _UNUSUAL, _SPREAD = 0.5, 0.25, 0.15, 0.1
_SHARED = 0.4  # when the question is about what is the same
_ENDS = 3.0  # the first and the last row, against a row of the spread
_FIRST_OF_KIND = 2.0  # the first row of each category


def row_worths(
    text: str,
    bounds: Sequence[int],
    columns: Mapping[str, Sequence[bytes]],
    shapes: Sequence[object],
    ask: Ask,
) -> list[float]:
    """One worth >= 0 per row ``text[bounds[i]:bounds[i + 1]]``; they sum to about one.

    Args:
        columns: Name -> cells, for finding unusual rows.
        shapes: Equal for rows with equal keys.
    """
    parts = [
        (_UNUSUAL, unusual(list(columns.values()), text, bounds, shapes, ask.deadline.check)),
        (_SPREAD, _spread(columns, len(shapes))),
    ]
    if ask.question:
        parts += asked(text, bounds, ask.question)
        if asks_same(ask.question):
            parts.append((_SHARED, shared_worths(columns, len(shapes), ask.question)))
    ask.deadline.check()
    return mix(parts, len(shapes))


def asked(text: str, bounds: Sequence[int], question: Question) -> list[tuple[float, list[float]]]:
    """What the question says about each unit ``text[bounds[i]:bounds[i + 1]]``, as parts for `mix`."""
    matching = relevance.score(text, bounds, question)
    # Squared, so that units that match all of the question stand out.
    return [(_MATCHING, [score * score for score in matching]), (_NAMED, named(text, bounds, question))]


def mix(parts: Sequence[tuple[float, Sequence[float]]], size: int) -> list[float]:
    """Each part spreads its share over the units; a part that says nothing has none."""
    worth = [0.0] * size
    for weight, values in parts:
        total = sum(values)
        if total > 0:
            share = weight / total
            worth = [a + share * b for a, b in zip(worth, values, strict=True)]
    return worth


def named(text: str, bounds: Sequence[int], question: Question) -> list[float]:
    """Each identifier of the question spreads one over the units that hold it."""
    worth = [0.0] * (len(bounds) - 1)
    lowered = text.lower()
    if len(lowered) != len(text):  # a few characters change length; offsets must not
        lowered = text
    for identifier in relevance.identifiers(question.text):
        found = _units(identifier.lower(), lowered, bounds)
        for i in found:
            worth[i] += 1 / len(found)
    return worth


def _units(identifier: str, text: str, bounds: Sequence[int]) -> list[int]:
    """Units that hold the identifier with no letter or digit next to it."""
    found: list[int] = []
    size, last = len(identifier), bounds[-1]
    at = text.find(identifier, bounds[0])
    while 0 <= at < last:
        if not text[at - 1 : at].isalnum() and not text[at + size : at + size + 1].isalnum():
            unit = bisect_right(bounds, at) - 1
            found.append(unit)
            at = bounds[unit + 1] - 1  # once is enough
        at = text.find(identifier, at + 1)
    return found


def _spread(columns: Mapping[str, Sequence[bytes]], size: int) -> list[float]:
    """An even cover: halves, quarters, eighths (van der Corput, 1935), more for the ends and the first of each kind."""
    spread = [0.0] * size
    for rank, i in enumerate(_halving(size)):
        spread[i] = 1 - rank / size
    for cells in columns.values():
        if is_category(cells):
            for i in dict(zip(reversed(cells), range(size - 1, -1, -1), strict=True)).values():
                spread[i] = max(spread[i], _FIRST_OF_KIND)
    for i in (0, size - 1):
        spread[i] = _ENDS
    return spread


def _halving(size: int) -> list[int]:
    """The numbers below `size`, by their binary digits read backwards."""
    ranked = [0]
    while len(ranked) < size:  # a digit more: the even numbers come before the odd ones
        doubled = [2 * i for i in ranked]
        ranked = doubled + [i + 1 for i in doubled]
    return [i for i in ranked if i < size]
