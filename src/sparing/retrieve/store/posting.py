"""A posting: that a passage has a word, in 64 bits."""

from __future__ import annotations

from array import array
from collections.abc import Collection
from functools import cache
from importlib.util import find_spec

BYTES = 8
ROW_BITS, SET_BITS, LENGTH_BITS, TIMES_BITS = 30, 18, 10, 6
MOST_ROW, MOST_SET = (1 << ROW_BITS) - 1, (1 << SET_BITS) - 1
MOST_LENGTH, MOST_TIMES = (1 << LENGTH_BITS) - 1, (1 << TIMES_BITS) - 1
LENGTH_SHIFT = TIMES_BITS
SET_SHIFT = LENGTH_SHIFT + LENGTH_BITS
ROW_SHIFT = SET_SHIFT + SET_BITS


def posting_key(row: int, set_id: int, length: int) -> int:
    """What all postings of a passage have in common: its row, its label set, how many words it has.

    More than `MOST_LENGTH` words count as so many.
    """
    return row << ROW_SHIFT | set_id << SET_SHIFT | min(length, MOST_LENGTH) << LENGTH_SHIFT


def of_sets(postings: bytes, sets: Collection[int]) -> bytes:
    """Only those of these label sets."""
    if not postings or not sets:
        return b""
    if not has_numpy():
        return array("Q", [one for one in array("Q", postings) if one >> SET_SHIFT & MOST_SET in sets]).tobytes()
    import numpy as np

    decoded = np.frombuffer(postings, np.uint64)
    allowed = np.zeros(MOST_SET + 1, np.bool_)  # untouched pages of it cost nothing
    allowed[np.fromiter(sets, np.int64, len(sets))] = True
    return decoded[allowed[(decoded >> np.uint64(SET_SHIFT) & np.uint64(MOST_SET)).astype(np.int64)]].tobytes()


@cache
def has_numpy() -> bool:
    """Without it everything works that needs no vectors, more slowly."""
    return find_spec("numpy") is not None
