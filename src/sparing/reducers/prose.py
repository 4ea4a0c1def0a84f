"""Prose and Markdown in any language: whole sentences (or turns) by what they tell the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sparing.core.content import Content
from sparing.core.ladder import Ladder, Skip
from sparing.core.reducer import Ask
from sparing.core.selector import Judged
from sparing.reducers.centrality import centrality
from sparing.reducers.choice import judge, scored_ladder
from sparing.reducers.evidence import evidence
from sparing.reducers.passages import Layout, lay_out

# Exponents from scores to worth. Fitted so that the worth of a rung is about the share of questions whose evidence it
# holds: 5 on passages of Natural Questions and XQuAD, 3.5 on meetings of QMSum.
_SHARPNESS, TURN_SHARPNESS = 5.0, 3.5


class Prose:
    """Keeps sentences in their order and marks what is left out; see `evidence` and `centrality` for the choice."""

    name = "prose.v1"
    content = frozenset({Content.PROSE, Content.MARKDOWN})

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        """Offer one rung per sentence, and some between for budgets of a few sentences.

        Raises:
            DeadlineExceeded: The time was up first.
        """
        ask.deadline.check()
        if not text.strip():
            return Skip("blank")
        if "\0" in text:
            return Skip("binary")
        layout = lay_out(text, ask.deadline)
        if layout.num_units < 2:
            return Skip("one sentence")
        tokens = ask.counter.split(text, layout.bounds)
        ask.deadline.check()
        return scored_ladder(
            text,
            layout.bounds,
            tokens,
            _judged(text, layout, tokens, ask),
            ask,
            sharpness=TURN_SHARPNESS if layout.turns else _SHARPNESS,
            unit="turns" if layout.turns else "sentences",
            reducer=self.name,
        )


def _judged(text: str, layout: Layout, tokens: Sequence[int], ask: Ask) -> Judged:
    rules = evidence(text, layout, ask.question.text, ask.deadline) if ask.question else ()
    judged = judge(text, layout, rules, ask)
    return judged if any(judged.scores) else replace(judged, scores=centrality(text, layout, tokens, ask.deadline))
