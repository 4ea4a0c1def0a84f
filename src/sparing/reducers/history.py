"""Old messages of a conversation: what of them stays whatever happens, and a ladder down to that.

A long conversation may be cut only where nothing is lost that binds what comes: what the user ruled out or asked for,
what was decided, what is still to do, what was tried in vain, and the names of things. Those stay to the letter; the
rest of an old message may go, phrase by phrase.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from operator import itemgetter

from sparing.core.ladder import Ladder, Rendition, Skip
from sparing.core.reducer import Ask
from sparing.reducers.history_cues import BOX, CUES_OF, FAILURE
from sparing.reducers.names import name_spans
from sparing.reducers.phrase_ladder import PhraseLadder, phrase_ladder
from sparing.reducers.relevance import score
from sparing.reducers.sentences import sentence_bounds
from sparing.reducers.turn_pieces import Pieces
from sparing.reducers.words import fold

NAME = "old_turn.v1"

_FENCE = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1[^\n]*$|\Z)", re.MULTILINE | re.DOTALL)
_LINE_END = re.compile(r"\n+")
_DENSE = 0.3  # worth per token of a message that is nothing but names and numbers
_RELEVANT = 2.0  # how much more a phrase of the most relevant sentence is worth than one of an irrelevant sentence


@dataclass(frozen=True)
class OldTurnLadder:
    """The rungs of another ladder; without a message that tells little, little is lost. See `core.ladder.Ladder`.

    Attributes:
        tells: How much the whole message tells, 0..1: what its worth falls by from the top to a mark alone.
    """

    base: PhraseLadder
    tells: float

    @property
    def reducer(self) -> str:
        return self.base.reducer

    @property
    def tokens(self) -> Sequence[int]:
        return self.base.tokens

    @cached_property
    def worth(self) -> list[float]:
        return [1 - self.tells * (1 - worth) for worth in self.base.worth]

    def render(self, rung: int) -> Rendition:
        """The same text, its worth as this ladder sees it."""
        return replace(self.base.render(rung), worth=self.worth[rung])


def _tells(ladder: PhraseLadder) -> float:
    units = ladder.units
    return min(1.0, sum(units.worth) / (_DENSE * max(1, ladder.tokens[-1])))


def must_stay(text: str, role: str) -> list[tuple[int, int]]:
    """Character ranges of an old message that are kept to the letter, ascending and apart.

    Sentences and lines that state a constraint, a decision, an open task or a failed attempt, whole; identifiers by
    themselves. Of code in fences only the lines that tell of a failure.

    Args:
        role: Who says it. "user", "system" and "developer" bind by all of these, an "assistant" not by constraints,
            anybody else by failures and identifiers alone.
    """
    binding = CUES_OF.get(role, (FAILURE,))
    folded = fold(text)
    fences = [match.span() for match in _FENCE.finditer(text)]
    spans = [span for span in name_spans(text) if not _in(fences, span[0])]
    for start, end in pairwise(_sentences(text, fences)):
        cues = (FAILURE,) if _in(fences, start) else binding
        if BOX.match(text, start) or any(cue.search(folded, start, end) for cue in cues):
            spans.append((start, end))
    return list(_merged(sorted(spans)))


def old_turn_ladder(text: str, role: str, ask: Ask) -> Ladder | Skip:
    """Rungs of an old message: only what must stay, then phrase by phrase what tells most, at last all of it.

    Where nothing must stay, the lowest rung is a mark alone.

    Args:
        role: As in `must_stay`.
        ask: Its question, if any, is what the conversation has come to; sentences that have to do with it go last.
    Raises:
        DeadlineExceeded: The time was up first.
    """

    def choose(pieces: Pieces) -> tuple[frozenset[int], Sequence[float] | None]:
        return _touched(pieces.bounds, must_stay(text, role)), _relevance(text, pieces, ask)

    ladder = phrase_ladder(text, ask, NAME, choose)
    return ladder if isinstance(ladder, Skip) else OldTurnLadder(ladder, _tells(ladder))


def _relevance(text: str, pieces: Pieces, ask: Ask) -> list[float] | None:
    """For each piece, 1 and more with the relevance of its sentence."""
    if not ask.question:
        return None
    bounds = sentence_bounds(text, ask.deadline)
    scores = score(text, bounds, ask.question, ask.deadline)
    best = max(scores, default=0.0)
    if not best:
        return None
    return [1 + _RELEVANT * scores[bisect_right(bounds, start) - 1] / best for start in pieces.bounds[:-1]]


def _sentences(text: str, fences: Sequence[tuple[int, int]]) -> list[int]:
    """Bounds of sentences; of lines, too, since lists and code have no full stops."""
    ends = {match.end() for match in _LINE_END.finditer(text)}
    outside = {bound for bound in sentence_bounds(text) if not _in(fences, bound)}
    return sorted(ends | outside | {0, len(text)})


def _in(fences: Sequence[tuple[int, int]], at: int) -> bool:
    index = bisect_right(fences, at, key=itemgetter(0)) - 1
    return index >= 0 and at < fences[index][1]


def _merged(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    last: tuple[int, int] | None = None
    for start, end in spans:
        if last and start <= last[1]:
            last = (last[0], max(last[1], end))
            continue
        if last:
            yield last
        last = (start, end)
    if last:
        yield last


def _touched(bounds: Sequence[int], spans: Sequence[tuple[int, int]]) -> frozenset[int]:
    """Pieces that hold a part of a span."""
    return frozenset(
        unit for start, end in spans for unit in range(bisect_right(bounds, start) - 1, bisect_left(bounds, end))
    )
