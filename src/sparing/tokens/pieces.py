"""From the sizes of tokens to the token count of each piece of a text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate, repeat
from operator import sub


def byte_bounds(text: str, bounds: Sequence[int]) -> list[int]:
    """End of each piece in UTF-8 bytes, counted from ``bounds[0]``."""
    base = bounds[0]
    if text.isascii():
        return [bound - base for bound in bounds[1:]]
    pieces = (text[a:b].encode("utf-8", "replace") for a, b in zip(bounds, bounds[1:], strict=False))
    return list(accumulate(map(len, pieces)))


def tokens_per_piece(token_lengths: Iterable[int], ends: Sequence[int]) -> list[int]:
    """How many tokens start in each piece.

    Args:
        token_lengths: Length of each token in bytes, in order.
        ends: Ascending end of each piece in bytes.
    """
    starts = list(accumulate(token_lengths, initial=0))
    before = [0, *map(bisect_left, repeat(starts, len(ends) - 1), ends), len(starts) - 1]
    return list(map(sub, before[1:], before))
