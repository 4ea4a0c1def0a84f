"""Rows that share a value which is otherwise each row's own: an address used twice, a serial number given out twice.

In a column where nearly every row has its own value, the few that share one are news, and a reader who sees one of them
alone cannot know. Numbers share a value by chance; they count where chance makes it unlikely (the birthday problem).
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from operator import sub

from sparing.core.question import Question
from sparing.reducers.words import WORD, fold

_OWN = 0.8  # share of rows with a value of their own that makes sharing one unusual
_MIN_ROWS = 8
_BY_CHANCE = 0.5  # pairs expected among so many numbers in their range: above, a pair may say nothing
_FEWER = 0.2  # of the expected pairs: fewer than that are not chance but a slip in what are numbers of one's own
_NAMED_COLUMN = 4.0  # a column that the question names, against the others
_STAMP = re.compile(rb'"?\d{4}-\d\d-\d\d|"?\d\d?:\d\d')
_EMPTY = frozenset((b"", b'""', b"null", b"true", b"false"))
_CONTAINER = (b"{", b"[")
_FEW = 0.6  # distinct share of all cells; below _OWN * _OWN, so that a column with fewer is never nearly unique

# Folded; starts of words, and for scripts without blanks between words anything that contains them.
_ASKS_SAME = re.compile(
    r"\b(?:same|identical|dupli[ck]|twice|both\b|two\b|shar(?:e|es|ed|ing)\b|repeated|double|in common|collid"
    r"|gleich|derselbe|dieselbe|dasselbe|denselben|demselben|derselben|doppelt|zweimal|beide|zwei\b|identisch|mehrfach"
    r"|mism[oa]s?\b|repetid|dos\b|ambos|ambas|compart|identic"
    r"|memes?\b|deux\b|doublon|partag|stess[oaie]\b|due\b|doppi|entramb|mesm[oa]s?\b|dois\b|duas\b"
    r"|одинаков|тот же|та же|дважды|дубл|оба\b|обе\b|повтор|совпада|ayni\b|iki\b|tekrar|समान|दो बार|दोहर)"
    r"|相同|同一|同样|重复|重複|两次|兩次|一样|两个|兩個|共用|同じ|二回|二度|같은|중복|두 번|동일"
    r"|نفس|مكرر|مرتين|مشترك|متطابق"
)


def shared(cells: Sequence[bytes]) -> dict[int, float]:
    """Index -> one over how many rows share its value, for the rows of a nearly unique column that share theirs.

    Args:
        cells: One JSON literal per row; b"" where a row has none.
    """
    unlike = set(cells)
    if len(unlike) < _FEW * len(cells) or len(unlike) == len(cells):
        return {}
    values = cells
    if not unlike.isdisjoint(_EMPTY) or not {cell[:1] for cell in unlike}.isdisjoint(_CONTAINER):
        values = [cell for cell in cells if cell not in _EMPTY and not cell.startswith(_CONTAINER)]
        unlike = set(values)
    distinct = len(unlike)
    if distinct == len(values) or len(values) < max(_MIN_ROWS, _OWN * len(cells)) or distinct < _OWN * len(values):
        return {}
    if _STAMP.match(values[0]) or _by_chance(values):
        return {}
    often = Tally(values)
    return {i: 1 / often[cell] for i, cell in enumerate(cells) if often[cell] > 1}


def asks_same(question: Question) -> bool:
    """Whether the question is about things that are the same, shared or there twice."""
    return _ASKS_SAME.search(fold(question.text)) is not None


def shared_worths(columns: Mapping[str, Sequence[bytes]], size: int, question: Question) -> list[float]:
    """What sharing a value is worth per row when the question is about that; most in the columns it names."""
    named = set(WORD.findall(fold(question.text)))
    worth = [0.0] * size
    for name, cells in columns.items():
        weight = _NAMED_COLUMN if _names(name, named) else 1.0
        for i, share in shared(cells).items():
            worth[i] = max(worth[i], weight * share)
    return worth


def _names(column: str, words: set[str]) -> bool:
    own = WORD.findall(fold(column.replace("_", " ")))
    return any(word in words or word + "s" in words or word + "es" in words for word in own if len(word) > 1)


def _by_chance(values: Sequence[bytes]) -> bool:
    """Whether these are numbers so dense that about as many are expected to be equal as are."""
    try:
        numbers = sorted(map(float, values))
    except ValueError:
        return False
    steps = list(map(sub, numbers[1:], numbers))
    places = (numbers[-1] - numbers[0]) / min([step for step in steps if step > 0], default=1.0) + 1
    expected = len(numbers) * (len(numbers) - 1) / 2 / places
    return expected > _BY_CHANCE and steps.count(0.0) > _FEWER * expected
