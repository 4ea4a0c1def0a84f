"""Counting tokens, as a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

BYTES_PER_TOKEN: Final = 4  # about, of text that nobody counted


class Counter(Protocol):
    """Counts the tokens of text for one family of models.

    Attributes:
        name: The vocabulary, for example ``o200k_base``.
        exact: False where the family has no public vocabulary and the count is an estimate.
    """

    @property
    def name(self) -> str: ...

    @property
    def exact(self) -> bool: ...

    def count(self, text: str) -> int:
        """Tokens of `text`. Memoised by content."""
        ...

    def split(self, text: str, bounds: Sequence[int]) -> list[int]:
        """Tokens of each piece of `text`.

        Args:
            bounds: Ascending character offsets; piece i is ``text[bounds[i]:bounds[i + 1]]``.
        Returns:
            ``len(bounds) - 1`` counts, from one pass over the text. A token that straddles a bound counts where it
            starts, so the sum is the count of ``text[bounds[0]:bounds[-1]]``.
        """
        ...
