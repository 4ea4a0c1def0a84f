"""The contract of what says where an answer ends."""

from __future__ import annotations

from typing import Protocol


class Ending(Protocol):
    """Watches one answer.

    Attributes:
        tokens: Of what was seen.
    """

    tokens: int

    @property
    def complete(self) -> bool:
        """Whether what ends here is a whole answer, or one cut short."""
        ...

    def feed(self, piece: str) -> int | None:
        """Characters of `piece` that still belong to the answer, if it ends there; None while it goes on."""
        ...

    def feed_whole(self, text: str) -> int | None:
        """As `feed`, of all of an answer."""
        ...

    def also(self, text: str) -> None:
        """Count what was generated and is not the answer: thoughts."""
        ...
