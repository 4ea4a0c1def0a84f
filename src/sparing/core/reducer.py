"""The contract of a reducer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from sparing.core.counter import Counter
from sparing.core.deadline import Deadline
from sparing.core.ladder import Ladder, Skip
from sparing.core.question import Question
from sparing.core.selector import Selector


@dataclass(frozen=True, slots=True)
class Ask:
    """What a reducer is told beside the text.

    Attributes:
        counter: Counts tokens for the model that will read the text.
        question: What the material is for; None when nobody asked anything.
        pins: Literal strings; a unit that contains one stays.
        deadline: When to give up.
        name: File name, tool name or title, "" if none; a hint only.
        text_form: Whether JSON may become a text that says the same: only a model reads it, nobody parses it.
        selector: Judges units better than rules do; None leaves them to the rules.
    """

    counter: Counter
    question: Question | None = None
    pins: tuple[str, ...] = ()
    deadline: Deadline = field(default_factory=Deadline)
    name: str = ""
    text_form: bool = False
    selector: Selector | None = None


class Reducer(Protocol):
    """Offers a ladder of renditions of a text of the kinds it knows.

    Pure, synchronous and deterministic: the same text and ask give the same ladder. It proposes; it never sends, never
    logs, and never alters a unit that it keeps.

    Attributes:
        name: Versioned: ``prose.v1``.
        content: Content types it takes (see `reduce.sniff`).
    """

    @property
    def name(self) -> str: ...

    @property
    def content(self) -> frozenset[str]: ...

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        """Offer a ladder, or say why not.

        Raises:
            DeadlineExceeded: The time was up first.
        """
        ...
