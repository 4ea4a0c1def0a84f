"""A request cut into turns, each known by a digest of everything up to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Protocol

from sparing.core.question import Question
from sparing.core.span import Kind, Prompt, Span
from sparing.plan.zones import Exempt, Piece, add_calls, by_block, newest_words, parts_of

_DIGEST_BYTES = 16
_LEAST_BLOCKS = 4  # what fewer turns are cut into is found as fast as it is looked up


@dataclass(frozen=True, slots=True)
class Turn:
    """What was added between two answers of the model, the earlier answer included.

    Attributes:
        first: Number of its first piece among all pieces of the request.
        asked: The users' words in it.
        spans: Everything in it that costs tokens.
        digest: Of this turn and all before it; equal digests mean equal turns, in every request. b"" in a short request
            without pieces, of which nothing has to be remembered.
    """

    block: int
    first: int
    pieces: tuple[Piece, ...]
    asked: tuple[Span, ...]
    spans: tuple[Span, ...]
    digest: bytes

    @property
    def spoken(self) -> Iterator[Span]:
        """Texts that are sent as they are, which later turns may refer to."""
        reduced = {piece.span.literal for piece in self.pieces}
        return (span for span in self.spans if span.literal is None or span.literal not in reduced)

    @property
    def num_chars(self) -> int:
        """How much text it holds."""
        return sum(len(span.text) for span in (*self.spans, *self.asked, *(piece.span for piece in self.pieces)))


class KnownTurns(Protocol):
    """Turns of earlier requests, by digest."""

    def turn(self, digest: bytes) -> Turn | None: ...

    def keep_turn(self, turn: Turn) -> None: ...


def cut_turns(
    prompt: Prompt,
    exempt: Exempt,
    start: Callable[[], bytes],
    known: KnownTurns,
    *,
    to_a_budget: bool = False,
) -> tuple[list[Turn], Sequence[Span]]:
    """The turns of a request, oldest first; and the beginning of the answer that is asked for, if there is one.

    That beginning is in no turn: next time it is part of the answer that opens another.

    Args:
        exempt: What is not reduced.
        start: Stands for what every turn depends on beside the conversation: the policy, the counter. Asked only where
            a turn is remembered.
        known: What an earlier request of the conversation was cut into.
        to_a_budget: Whether what has no pieces may have to be shortened as well.
    """
    spans, opening = _without_opening(prompt.spans)
    of_block = by_block(spans)
    turns: list[Turn] = []
    calls: dict[str, Span] = {}
    first, words = 0, ""
    newest = prompt.newest_block
    is_long = newest >= _LEAST_BLOCKS
    digest = start() if is_long else b""
    for block in range(newest + 1):
        in_block = tuple(of_block.get(block, ()))
        digest = _chained(digest, in_block) if is_long else b""
        add_calls(calls, in_block)
        turn = known.turn(digest) if is_long else None
        if turn is None or turn.spans != in_block:  # equal turns may stand at other offsets
            parts = parts_of(prompt.source, in_block, calls, words, exempt)
            turn = Turn(block, first, parts.pieces, parts.said, in_block, digest)
            if is_long:
                known.keep_turn(turn)
        turns.append(turn)
        first += len(turn.pieces)
        words = newest_words(turn.asked) or words
    return (_digested(turns, start()) if (first or to_a_budget) and not is_long else turns), opening


def _digested(turns: Sequence[Turn], digest: bytes) -> list[Turn]:
    result = []
    for turn in turns:
        digest = _chained(digest, turn.spans)
        result.append(replace(turn, digest=digest))
    return result


def with_later_words(turns: Sequence[Turn]) -> list[Piece]:
    """All pieces, each judged by what the users say in later turns too."""
    words: list[str] = []
    pieces: list[Piece] = []
    for turn in reversed(turns):
        pieces += [replace(piece, question=_joined(piece.question, words)) for piece in reversed(turn.pieces)]
        words = [*(span.text for span in turn.asked), *words]
    return pieces[::-1]


def _joined(question: Question | None, words: Sequence[str]) -> Question | None:
    text = "\n".join([*([question.text] if question else ()), *words]).strip()
    return Question(text) if text else None


def _without_opening(spans: Sequence[Span]) -> tuple[Sequence[Span], Sequence[Span]]:
    last = max((span.message for span in spans if span.kind is not Kind.ASSISTANT), default=-1)
    opening = [span for span in spans if span.kind is Kind.ASSISTANT and span.message > last]
    return ([span for span in spans if span not in opening] if opening else spans), opening


def _chained(digest: bytes, spans: Sequence[Span]) -> bytes:
    return blake2b(b"".join([digest, *[span.digest for span in spans]]), digest_size=_DIGEST_BYTES).digest()
