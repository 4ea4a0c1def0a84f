"""The nouns of the suite: a kernel as written, and a case made of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kernel:
    """A few hand-written sentences, lines or rows, and what of them has to survive.

    Attributes:
        group: Which kind of trap it is.
        host: What it is set into; see `surroundings`.
        questions: Ways of asking for the same; empty where nobody asks.
        parts: Its text with marks (see `read`); between two parts other text stands.
    """

    name: str
    group: str
    host: str
    questions: tuple[str, ...]
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One text to reduce.

    Attributes:
        must: Literal strings that have to survive together: a rule without its exception is worse than neither.
        injection: A line that gives orders to whoever reads it; "" if there is none.
        budget: Share of the text's tokens that may be kept, 0..1.
        held_out: Whether its kernel belongs to the half that no rule was made by.
    """

    id: str
    group: str
    text: str
    question: str
    must: tuple[str, ...]
    injection: str
    budget: float
    held_out: bool
