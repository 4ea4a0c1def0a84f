"""What is being asked, as far as it can be read off the words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """The text that material is judged against.

    Attributes:
        text: The question as the user put it (for a tool result: the question and the call that fetched it).
    """

    text: str

    def __bool__(self) -> bool:
        return bool(self.text.strip())
