"""Cutting a text into lines or sentences for the baselines, and filling a budget with them in a given order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from sparing.core.counter import Counter
from sparing.tokens.bpe import BpeCounter, load_vocabulary

_LINE_END = re.compile(r"\n+")
# After a full stop and space, after an ideographic or Indic full stop, at a line end, between the objects of an array.
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|[。！？।]+[”’」』)]*\s*|؟\s*|\n+|(?<=\}),\s*")
_LINE_CHARS = 250


@lru_cache
def o200k() -> Counter:
    """The runner's own counter: what it has counted does not warm the memo of a method."""
    return BpeCounter("o200k_base")


def unit_bounds(text: str) -> list[int]:
    """Character offsets that cut `text` into lines where lines are short and many, else into sentences."""
    lines = text.count("\n")
    pattern = _LINE_END if lines >= 5 and len(text) <= _LINE_CHARS * lines else _SENTENCE_END
    return bounds(text, pattern)


def bounds(text: str, pattern: re.Pattern[str]) -> list[int]:
    """Offsets 0, the end of each match, and the end of the text; strictly ascending."""
    ends = {match.end() for match in pattern.finditer(text)}
    return sorted(ends | {0, len(text)})


def line_bounds(text: str) -> list[int]:
    """Offsets that cut `text` into lines."""
    return bounds(text, _LINE_END)


def sentence_bounds(text: str) -> list[int]:
    """Offsets that cut `text` into sentences, by punctuation alone."""
    return bounds(text, _SENTENCE_END)


def fill(text: str, cuts: Sequence[int], order: Iterable[int], budget_tokens: int) -> str:
    """Units in `order` until the budget is full, put back in source order, nothing between them.

    A unit that does not fit is passed over. The result is within the budget by exact count.
    """
    counter = o200k()
    costs = counter.split(text, cuts)
    taken: list[int] = []
    room = budget_tokens
    for index in order:
        if costs[index] <= room:
            taken.append(index)
            room -= costs[index]
        if room <= 0:
            break
    while True:
        kept = _join(text, cuts, taken)
        # Tokens merge differently across a cut: the sum of the parts can be a little short of the whole.
        if not taken or counter.count(kept) <= budget_tokens:
            return kept
        taken.pop()


def cut_to(text: str, budget_tokens: int) -> str:
    """The first `budget_tokens` tokens of `text`, a half character at the end dropped."""
    encoding = load_vocabulary("o200k_base").encoding
    start = encoding.decode_bytes(encoding.encode_ordinary(text)[: max(0, budget_tokens)])
    return start.decode("utf-8", "ignore")


def _join(text: str, cuts: Sequence[int], taken: Sequence[int]) -> str:
    spans = list(pairwise(cuts))
    return "".join(text[spans[i][0] : spans[i][1]] for i in sorted(taken))
