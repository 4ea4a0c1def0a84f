"""What is planted: tool outputs, questions about them, and the literal strings that have to stay visible."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the strings that answer it.

    Attributes:
        way: How the question finds its fact: id, paraphrase, negation, cross_row, extreme, language, exception, place.
        facts: Strings that stand in the output and not in the question.
    """

    way: str
    question: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """One tool's output.

    Attributes:
        unasked: Strings that have to stay whatever the question: the fatal row, the failed test.
    """

    name: str
    text: str
    asked: tuple[Asked, ...]
    unasked: tuple[str, ...] = ()
