"""The contract of a selector: how likely each unit of a text holds what a question needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sparing.core.deadline import Deadline


class Sections(Protocol):
    """A text cut into units, and the units into passages (see `reducers.passages.Layout`).

    Attributes:
        bounds: n + 1 ascending character offsets; unit i is ``text[bounds[i]:bounds[i + 1]]``.
        passage_of: Passage of each unit, never falling; in a transcript, its turn.
        turns: Whether this is a transcript.
    """

    @property
    def bounds(self) -> Sequence[int]: ...

    @property
    def passage_of(self) -> Sequence[int]: ...

    @property
    def turns(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Judged:
    """What a selector made of the units.

    Attributes:
        scores: One per unit, >= 0.
        sharpness: Exponent from scores to what units add to a rung's worth; None where they are the rules' scores.
        by: The tier that decided, and why no better one did: ``rules (the extra `select` is not installed)``. Begins
            with "deadline" where time alone stood in the way: the same request may be judged better next time.
        spare: Character ranges of the text, in order and apart, each inside a unit: clauses that a unit worth keeping
            can do without.
    """

    scores: Sequence[float]
    by: str
    sharpness: float | None = None
    spare: Sequence[tuple[int, int]] = ()

    @property
    def tier(self) -> str:
        """Whose scores these are: ``rules``, ``static`` or ``encoder``."""
        name = self.by.partition(" ")[0]
        return name if name in ("static", "encoder") else "rules"


class Selector(Protocol):
    """Judges units by what was learned, and by the rules. Deterministic: equal arguments give equal scores.

    Which tier runs depends on the policy it was made for and on the lengths of text and question, never on the clock.
    """

    def judge(self, text: str, sections: Sections, question: str, rules: Sequence[float], deadline: Deadline) -> Judged:
        """Scores per unit.

        Args:
            rules: What the rules say of each unit, >= 0.
            deadline: When it has passed, the rules decide.
        Raises:
            NeedsThread: The deadline is the event loop's (`Deadline.on_loop`), and this would hold it up.
        """
        ...
