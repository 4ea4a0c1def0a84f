"""An answer made shorter for its reader: whole sentences, items and rows, nothing that hangs in the air, no code cut.

Unlike other texts it is read by people and goes back into the conversation as the model's own words, and models take up
what they find there. So a gap in prose is not marked; one in a list or a table, which are read as complete, is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sparing.core.content import Content
from sparing.core.ladder import Ladder, Skip
from sparing.core.reducer import Ask
from sparing.reducers.answer_ladder import answer_ladder
from sparing.reducers.answer_needs import FRAMES, needs_of
from sparing.reducers.answer_parts import Part, Piece, pieces_of
from sparing.reducers.centrality import centrality
from sparing.reducers.choice import judge, pinned
from sparing.reducers.evidence import evidence, scaled
from sparing.reducers.passages import Layout, lay_out
from sparing.reducers.scope_cues import limits
from sparing.reducers.warnings import warning_scores

_ABOUT = 1.0  # what the question finds in a piece, beside
_TELLING = 0.25  # what it tells by itself
_LIMIT = 0.5  # beside these, for what takes something back of all that was said
_COURTESY_SHARE = 0.1  # of its worth that is left of a sentence which is only polite
_COURTESY = re.compile(
    r"\W*(?:thank|thanks|i hope|i trust|hope (?:this|that)|let me know|feel free|please (?:let|feel)|happy to|glad to"
    r"|if you have (?:any|more|other|further)|vielen dank|ich hoffe|merci|j'espère|gracias|espero|grazie|spero)\b",
    re.IGNORECASE,
)
_STRUCTURED = ("{", "[", "<")


class AnswerText:
    """Keeps what the question needs of an answer, in its order; see `answer_needs` for what stays together."""

    name = "answer.v1"
    content = frozenset({Content.ANSWER})

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        """Offer a rung per piece, with what it needs.

        Raises:
            DeadlineExceeded: The time was up first.
        """
        ask.deadline.check()
        if not text.strip():
            return Skip("blank")
        if "\0" in text:
            return Skip("binary")
        if text.lstrip().startswith(_STRUCTURED):
            return Skip("it is no prose: JSON or markup")
        pieces = pieces_of(text, ask.deadline)
        if len(pieces) < 2:
            return Skip("one sentence")
        layout = lay_out(text, ask.deadline)
        scores, judged_by = _scores(text, layout, pieces, ask)
        bounds = [0, *(piece.start for piece in pieces[1:]), len(text)]
        fixed = {at for at, piece in enumerate(pieces) if piece.part is Part.FIXED}
        return answer_ladder(
            text,
            pieces,
            needs_of(text, pieces),
            scores,
            fixed | pinned(text, bounds, ask.pins),
            ask.counter,
            reducer=self.name,
            judged_by=judged_by,
        )


def _scores(text: str, layout: Layout, pieces: Sequence[Piece], ask: Ask) -> tuple[list[float], str]:
    """What each piece is worth, and who says so; frames nothing by themselves."""
    tokens = ask.counter.split(text, layout.bounds)
    telling = scaled(centrality(text, layout, tokens, ask.deadline))
    about, by = [0.0] * layout.num_units, "rules"
    if ask.question:
        judged = judge(text, layout, evidence(text, layout, ask.question.text, ask.deadline), ask)
        about, by = scaled(judged.scores), judged.by
    warned = warning_scores(text, layout.bounds)
    units = [_ABOUT * a + _TELLING * b + w for a, b, w in zip(about, telling, warned, strict=True)]
    scores = [0.0] * len(pieces)
    unit = 0
    for at, piece in enumerate(pieces):
        while layout.bounds[unit + 1] <= piece.start:
            unit += 1
        last = unit
        while last + 1 < layout.num_units and layout.bounds[last + 1] < piece.end:
            last += 1
        scores[at] = 0.0 if piece.part in FRAMES else _weighed(text, piece, max(units[unit : last + 1]))
    return scores, by


def _weighed(text: str, piece: Piece, score: float) -> float:
    if _COURTESY.match(text, piece.start, piece.end):
        return _COURTESY_SHARE * score
    return score + _LIMIT if piece.part is Part.SENTENCE and limits(text, piece.start) else score
