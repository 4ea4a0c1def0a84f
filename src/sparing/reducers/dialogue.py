"""Conversations written as text, ``Speaker: words`` to the line.

With a question: whole turns that hold or surround the evidence. Without one: the phrases of turns that say something,
to the letter, with a mark of one token for what is left out between them.
"""

from __future__ import annotations

from sparing.core.content import Content
from sparing.core.ladder import Ladder, Skip
from sparing.core.reducer import Ask
from sparing.reducers.choice import judge, scored_ladder
from sparing.reducers.passages import lay_out
from sparing.reducers.phrase_ladder import phrase_ladder
from sparing.reducers.prose import TURN_SHARPNESS
from sparing.reducers.turn_evidence import turn_evidence


class Dialogue:
    """Turns by what they tell the question (`turn_evidence`); phrases by what they tell at all (`turn_order`)."""

    name = "dialogue.v1"
    content = frozenset({Content.DIALOGUE})

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        """Offer one rung per turn, or per phrase where nobody asks or no turn has a word of the question.

        Raises:
            DeadlineExceeded: The time was up first.
        """
        ask.deadline.check()
        asked = _turns(text, ask) if ask.question and "\0" not in text else None
        return asked or phrase_ladder(text, ask, self.name)


def _turns(text: str, ask: Ask) -> Ladder | None:
    layout = lay_out(text, ask.deadline)
    if layout.num_units < 2:
        return None
    rules = turn_evidence(text, layout, ask.question.text if ask.question else "", ask.deadline)
    judged = judge(text, layout, rules, ask)
    if not any(judged.scores):
        return None
    return scored_ladder(
        text,
        layout.bounds,
        ask.counter.split(text, layout.bounds),
        judged,
        ask,
        sharpness=TURN_SHARPNESS,
        unit="turns",
        reducer=Dialogue.name,
    )
