"""May this go out?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sparing.core.calibration import Signs
from sparing.core.ladder import Rendition
from sparing.core.question import Question
from sparing.core.span import Span


@dataclass(frozen=True, slots=True)
class Floor:
    """What a rendition has to be worth for the risk that was asked for.

    Attributes:
        above: A lossy rendition has to be worth more than this; None where nothing may be left out.
        why: Why nothing may be left out; "" where something may.
        scorer: Of the ladder that the floor was set for.
        num_calibrated: How many texts stand behind it.
        signs: Of the text and that ladder.
    """

    above: float | None
    why: str
    scorer: str
    num_calibrated: int
    signs: Signs


@dataclass(frozen=True, slots=True)
class Change:
    """A span and the rendition chosen for it.

    Attributes:
        text_form: Whether JSON may have become a text that says the same (see `Ask.text_form`).
        floor: None where no risk was asked for.
    """

    span: Span
    content: str
    rendition: Rendition
    tokens_before: int
    tokens_after: int
    question: Question | None = None
    text_form: bool = False
    floor: Floor | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """Why one change may not go out as it is.

    Attributes:
        change: The change objected to.
        guard: Who objects.
        why: In words, for the receipt.
        needs: Literal strings that would have to stay for the objection to fall; empty when nothing shorter will do.
        hard: False if it may give way to a budget that would not hold otherwise.
    """

    change: Change
    guard: str
    why: str
    needs: tuple[str, ...] = ()
    hard: bool = True


class Guard(Protocol):
    """The only place that may say no."""

    @property
    def name(self) -> str: ...

    def judge(self, changes: Sequence[Change], pins: tuple[str, ...]) -> Sequence[Objection]:
        """Objections to these changes; empty when they may all go out."""
        ...
