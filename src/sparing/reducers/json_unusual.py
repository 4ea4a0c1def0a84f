"""How unusual each row of a table is: rare values, far-off numbers, words of failure, odd sets of keys, shared values.

A value is rare against its own column: what counts is its surprise beyond the column's entropy (both in nats), so that
the values of an evenly mixed column are not rare. Numbers are far off beyond three interquartile ranges (Tukey, 1977,
*Exploratory Data Analysis*, "far out").
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

from sparing.reducers.same_values import shared

Cells = Sequence[bytes]

# Starts of words; found where a word starts, or a part of one in camel case.
_FAILURE = (
    *("error", "fail", "fatal", "exception", "critical", "panic", "crash", "denied", "declined", "reject", "refused"),
    *(
        "timeout",
        "timed out",
        "timed_out",
        "invalid",
        "corrupt",
        "missing",
        "overdue",
        "expired",
        "blocked",
        "unauthori",
    ),
    *(
        "forbidden",
        "emergency",
        "fehler",
        "erreur",
        "échec",
        "échou",
        "fallo",
        "falló",
        "falha",
        "erro ",
        "ошибк",
        "сбой",
    ),
    *("错误", "失败", "エラー", "失敗", "오류", "실패", "خطأ", "فشل"),
)
_DATE = re.compile(rb'"\d{4}-\d\d-\d\d(?:["T ]|$)')
_NO_NUMBER = frozenset((b"", b'"'))  # how cells begin that are none
_NOT_DIGIT = re.compile(rb"\D")
_CATEGORIES = 24  # most distinct values of a column that is taken for a category
_FIRST = 512  # cells that mostly tell that a column has too many values for a category
_COMMON = 0.2  # share of rows above which failure says nothing about a row
_FAR_OUT = 3.0
_SHARED = 0.8  # over the number of rows that share the value: two rows weigh half as much as a failure each


def unusual(
    columns: Sequence[Cells], text: str, bounds: Sequence[int], shapes: Sequence[object], check: Callable[[], None]
) -> list[float]:
    """0..1 per row: 0 is a row like the others.

    Args:
        columns: Cells of each column, one per row; b"" where a row has none.
        text: All rows; row i is ``text[bounds[i]:bounds[i + 1]]``.
        shapes: Something equal for rows with equal keys.
        check: Called between columns; raises when the time is up.
    """
    usual = [1.0] * len(shapes)  # product of (1 - weight)
    for weights in (_rare(shapes), failures(text, bounds), *map(_column, columns)):
        check()
        for i, weight in weights.items():
            usual[i] *= 1 - weight
    return [1 - share for share in usual]


def is_category(cells: Cells) -> bool:
    """Whether the column sorts rows into a few groups, such as a status."""
    most = min(_CATEGORIES, len(cells) // 3)
    return len(set(cells[:_FIRST])) <= most and 1 < len(set(cells)) <= most


def _column(cells: Cells) -> dict[int, float]:
    if is_category(cells):
        return _rare(cells)
    numbers = _numbers(cells) or _dates(cells)
    if numbers is not None:
        return _and_shared(_far_out(numbers), cells)
    return _and_shared(_rare([cell[:1] for cell in cells]), cells)  # null among strings, a string among numbers


def _and_shared(weights: dict[int, float], cells: Cells) -> dict[int, float]:
    for i, share in shared(cells).items():
        weights[i] = max(weights.get(i, 0.0), _SHARED * share)
    return weights


def _rare(values: Sequence[object]) -> dict[int, float]:
    counts = Counter(values)
    size = len(values)
    if len(counts) < 2 or size < 4:
        return {}
    entropy = math.log(size) - sum(n * math.log(n) for n in counts.values()) / size
    weight = {value: _surprise(n, size, entropy) for value, n in counts.items()}
    rare = {value for value, w in weight.items() if w > 0}
    return {i: weight[value] for i, value in enumerate(values) if value in rare} if rare else {}


def _surprise(count: int, size: int, entropy: float) -> float:
    return max(0.0, math.log(size / count) - entropy - 1.0) / math.log(size) if count <= size * _COMMON else 0.0


def failures(text: str, bounds: Sequence[int]) -> dict[int, float]:
    """Index -> weight of the units that speak of failure; empty where many do."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few characters change length; offsets must not
        lowered = text
    found: dict[int, None] = {}
    enough = (len(bounds) - 1) * _COMMON
    for word in _FAILURE:
        at = lowered.find(word, bounds[0])
        while 0 <= at < bounds[-1] and len(found) < enough:
            row = bisect_right(bounds, at) - 1
            if text[at].isupper() or not text[at - 1].isalpha():
                found[row] = None
                at = bounds[row + 1] - 1  # one is enough
            at = lowered.find(word, at + 1)
    share = len(found) / (len(bounds) - 1)
    return dict.fromkeys(found, 0.8 * (1 - share / _COMMON)) if share < _COMMON else {}


def _numbers(cells: Cells) -> dict[int, float] | None:
    """Index -> number, where nearly all cells are numbers."""
    if all(cell[:1] == b'"' for cell in _too_many(cells)):
        return None
    kinds = [cell[:1] for cell in cells]
    likely = [i for i, kind in enumerate(kinds) if kind not in _NO_NUMBER]
    numbers: dict[int, float] = {}
    try:
        numbers = dict(zip(likely, [float(cells[i]) for i in likely], strict=True))
    except ValueError:
        for i in likely:
            with suppress(ValueError):
                numbers[i] = float(cells[i])
    return numbers if _nearly_all(numbers, cells) else None


def _dates(cells: Cells) -> dict[int, float] | None:
    """Index -> date and time as one number, where nearly all cells are written year first."""
    if not any(map(_DATE.match, _too_many(cells))):
        return None
    numbers = {
        i: float(_NOT_DIGIT.sub(b"", cell)[:14].ljust(14, b"0")) for i, cell in enumerate(cells) if _DATE.match(cell)
    }
    return numbers if _nearly_all(numbers, cells) else None


def _too_many(cells: Cells) -> Cells:
    """As many of the first cells as must not all be of another kind, if nearly all cells are to be of one."""
    return cells[: len(cells) // 5 + 2]


def _nearly_all(numbers: dict[int, float], cells: Cells) -> bool:
    return len(numbers) >= max(8, 0.8 * len(cells))


def _far_out(numbers: dict[int, float]) -> dict[int, float]:
    ordered = sorted(numbers.values())
    low, high = ordered[len(ordered) // 4], ordered[3 * len(ordered) // 4]
    reach = _FAR_OUT * (high - low)
    values, rows = list(numbers.values()), list(numbers)
    least, most = min(values), max(values)
    weights = {}
    if not (low - reach <= least and most <= high + reach):
        weights = {i: 0.7 for i, x in numbers.items() if x < low - reach or x > high + reach}
    if len(weights) > len(ordered) * _COMMON:
        weights = {}
    if values != ordered:  # in a column that only rises the ends say nothing
        for extreme in (least, most):
            weights.setdefault(rows[values.index(extreme)], 0.25)
    return weights
