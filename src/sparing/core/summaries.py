"""Summaries of old results that a model wrote, where the policy allows any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Wanted:
    """A result that a summary is wanted of.

    Attributes:
        key: What the summary is found by: `handles.full_handle_of` of the text.
        tool: Whose result it is, "" if unknown.
    """

    key: str
    tool: str
    text: str


class Summaries(Protocol):
    """What one tenant's summaries say.

    A conversation is folded with them, so they answer the same whenever they are asked: what was answered with a text
    or with "" stays so. Where one is forgotten the result is told in a line instead: one miss of the provider's cache.

    Attributes:
        scope: Whose they are, and who wrote them; conversations folded with others are not remembered as these.
    """

    @property
    def scope(self) -> str: ...

    def get(self, key: str) -> str | None:
        """The summary of the text with this key; "" if there is none to be had; None if it was never asked for."""
        ...
