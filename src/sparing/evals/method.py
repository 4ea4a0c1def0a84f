"""What is compared: anything that shortens a text to a budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Shorten = Callable[[str, str, int | None], str]
"""(text, question, budget in o200k tokens; None leaves it to the method) -> shorter text."""


@dataclass(frozen=True, slots=True)
class Method:
    """A named way of shortening a text.

    Attributes:
        takes_budget: Whether a budget can be asked for; else it runs once, at the size of its own choosing.
        chooses: Whether it can choose a size itself when no budget is given.
        missing: Why it cannot run here, "" when it can.
        cpu_s: CPU seconds used so far, for a method that runs in another process; None: measured in this one.
        rss_mb: Most memory that the other process took so far.
    """

    name: str
    shorten: Shorten
    takes_budget: bool = True
    chooses: bool = False
    missing: str = ""
    cpu_s: Callable[[], float] | None = None
    rss_mb: Callable[[], float] | None = None
    close: Callable[[], None] | None = None

    def __call__(self, text: str, question: str, budget_tokens: int | None) -> str:
        return self.shorten(text, question, budget_tokens)
